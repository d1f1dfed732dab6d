"""What must hold once faults have stopped and everything has come to rest."""

from __future__ import annotations

from collections.abc import Callable

from domain.messages import RetryBatch, SyncRequest
from tests.builders import USER
from tests.simulation.course import Violation
from tests.simulation.rows import read
from tests.simulation.stage import KEYS
from tests.simulation.trouble import Trouble
from tests.simulation.world import World

_SEPARATES = frozenset(
    {"SIGTERM", "crash", "lost answer", "no answer", "pause", "refused call", "slow call"}
)
"""Faults between keeping a failed batch and dead-lettering the message that retries it.

If the order is on another page when this one is read again, only a person's retry brings it back.
"""
_A_WHILE = 400.0
"""Seconds: longer than the stall grace, leases included."""


def play(seed: int, tell: Callable[[str], None] | None = None) -> World:
    """Play the schedule of that seed; raises `Violation`."""
    world = World(seed, tell)
    Trouble(world)()
    world.calm_down()
    world.rest()
    _check_runs(world, asked_again=_ask_again(world))
    _mend(world)
    _check_nothing_left(world)
    _check_against_the_shop(world)
    return world


def _ask_again(world: World) -> bool:
    """Somebody asks for every sync once more: what stands still, or has failed, goes on.

    Without a watchdog that is what it takes.
    """
    if world.stage.has_watchdog and world.course.random.random() < 0.5:
        return False
    world.course.now += _A_WHILE
    for key in KEYS:
        world.request(SyncRequest(key, f"again-{key.sync_type}"))
    world.rest()
    return True


def _check_runs(world: World, *, asked_again: bool) -> None:
    """Without help every run completes, or waits for a redrive that carries it on."""
    for run in world.tables.runs():
        if run["status"] == "running" or (run["status"] == "failed" and asked_again):
            raise Violation(f"3: a run does not complete: {run}")
        if run["status"] == "failed" and not world.tables.is_dead_lettered(run):
            raise Violation(f"3: a failed run has no message to redrive: {run}")


def _mend(world: World) -> None:
    """An operator mends what was wrong and moves the dead letters back."""
    world.stage.poison.orders.clear()
    world.redrive()
    world.rest()
    if world.tables.failed_batches() and set(world.history.ledger.faults) & _SEPARATES:
        for key in KEYS:
            world.publish(RetryBatch(key))
        world.rest()
    if world.stage.has_watchdog:
        return
    world.course.now += _A_WHILE
    for key in KEYS:
        world.request(SyncRequest(key, f"once-more-{key.sync_type}"))
    world.rest()


def _check_nothing_left(world: World) -> None:
    for run in world.tables.runs():
        if run["status"] != "completed":
            raise Violation(f"3: a run does not complete after a redrive: {run}")
    for batch in world.tables.failed_batches():
        raise Violation(f"4: {read(batch)} stays although its orders can be stored")
    if world.stage.sqs.stored(world.tables.source_url):
        raise Violation("a message stays in the queue")
    if world.stage.sqs.stored(world.tables.dead_url):
        raise Violation("a message came back to the dead-letter queue")
    _check_requests(world)
    _check_copies(world)


def _check_requests(world: World) -> None:
    """Whatever was asked for was done, after it was asked for; each request began one run."""
    history = world.history
    for request_id, (request, asked_at) in world.requests.items():
        place = (request.key.user_id, request.key.sync_type.value)
        done = history.completed.get(place, -1.0) >= asked_at
        if not done and history.cleared.get(place, -1.0) < asked_at:
            raise Violation(f"3: {request_id} for {place} was never done")
        if request.restart and not history.began[request_id]:
            raise Violation(f"3: {request_id} began no run although it asked for a new one")
        if len(history.began[request_id]) > 1 and place not in history.cleared:
            raise Violation(f"{request_id} began {len(history.began[request_id])} runs")


def _check_copies(world: World) -> None:
    """Copies of one page's message have gone back to one."""
    for advances in world.history.advances.values():
        for advance in advances:
            copies = world.history.ledger.copies[advance.chain_id, advance.page + 1]
            if advance.calm and copies > 1:
                raise Violation(
                    f"2: {copies} copies of page {advance.page + 1} of {advance.chain_id}"
                    " although faults have stopped"
                )


def _check_against_the_shop(world: World) -> None:
    """After one more full sync the table is the shop, order by order."""
    key = KEYS[0]
    world.request(SyncRequest(key, "the-last", restart=True))
    world.rest()
    run = world.tables.run(key.user_id, key.sync_type.value)
    orders = world.shop.orders
    if run is None or run["status"] != "completed":
        raise Violation(f"3: the last run does not complete: {run}")
    if (run["totalSaved"], run["totalFailed"]) != (len(orders), 0):
        raise Violation(f"1: the shop has {len(orders)} orders, the last run counted {run}")
    _check_copies(world)
    stored = world.tables.stored(USER)
    if stored.keys() != {order.order_id for order in orders}:
        raise Violation("4: the table has other orders than the shop")
    for order in orders:
        item = stored[order.order_id]
        note = order.fields.get("note")
        if (
            world.tables.seconds(item["updatedAt"]["S"])
            != world.tables.seconds(order.updated_at.isoformat())
            or item.get("note", {}).get("S") != note
        ):
            raise Violation(f"5: order {order.order_id} is not as the shop has it")
