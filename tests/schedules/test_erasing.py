"""An erasure holds against a sync that goes on, under any schedule; and each rule is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from adapters.dynamodb_erasures import DynamoErasures
from adapters.dynamodb_shops import DynamoShops
from adapters.dynamodb_user_records import DynamoUserRecords
from domain import erasures, fences
from domain.messages import SyncRequest
from tests import daemon
from tests.builders import USER, a_shop
from tests.schedules.world import (
    ADA,
    BO,
    KEYS,
    NAMES,
    ORDERS,
    PURGE,
    REDACT,
    Call,
    SkewedClock,
    Violation,
    World,
    begun,
)

SEEDS = range(30)
_WRITES = frozenset({"batch_write_item", "transact_write_items"})


def purged(seed: int) -> None:
    """After a purge nothing is stored of the user, whatever comes later, until they connect."""
    world = begun(seed, PURGE)
    world.rest()
    assert "doneAt" in world.marked()
    world.send(SyncRequest(KEYS[0], "too late"))
    world.rest()
    # A run whose message is lost is found by the watchdog, here as ever.
    world.now += timedelta(hours=1).total_seconds()
    world.watch()
    world.rest()
    nothing_is_left(world)
    connect_again(world)


def nothing_is_left(world: World) -> None:
    if left := world.stored():
        raise Violation(f"left after the purge: {left}")


def connect_again(world: World) -> None:
    """The user comes back, and late copies of the purge do no harm."""
    clock = SkewedClock(world, 0)
    assert DynamoErasures(world.client, NAMES.checkpoints, clock).lift(USER)
    DynamoShops(world.client, NAMES.shops, clock).connect(a_shop())
    world.send(SyncRequest(KEYS[0], "back again"))
    world.send(PURGE, after=world.random.choice((0.0, 5.0, 400.0)))
    world.rest()
    if len(world.orders()) != ORDERS:
        raise Violation(f"{len(world.orders())} orders of one who came back are stored")


def redacted(seed: int) -> None:
    """A customer who was redacted does not come back, and the others stay."""
    world = begun(seed, REDACT)
    world.rest()
    assert "doneAt" in world.marked(f"erased#customer#{ADA}")
    for number in range(2):
        world.change()
        world.send(SyncRequest(KEYS[0], f"afterwards-{number}", restart=True))
        world.rest()
    if len(world.orders()) != ORDERS:
        raise Violation(f"{len(world.orders())} orders are stored")
    no_trace_of_ada(world)


def no_trace_of_ada(world: World) -> None:
    for order_id, item in world.orders().items():
        text = repr(item)
        mine = order_id == "3" or int(order_id) % 3 == 1
        if mine and (f"{ADA}@" in text or f"Customer/{ADA}" in text or "version" in text):
            raise Violation(f"order {order_id} names its customer: {text}")
        if not mine and f"{BO}@example.com" not in text:
            raise Violation(f"order {order_id} has lost a customer who was not redacted")


def a_write_under_way(world: World) -> Call:
    """A sync has just sent its first write of orders."""
    world.calm = True
    world.send(SyncRequest(KEYS[0], "first"))
    while not (sent := [call for call in world.under_way if call.operation in _WRITES]):
        world.step()
    return sent[0]


def a_late_write(seed: int) -> None:
    """A write takes as long as it may, and the purge begins meanwhile."""
    world = World(seed)
    a_write_under_way(world).slow = True
    world.send(PURGE)
    world.rest()
    nothing_is_left(world)


def a_paused_worker(seed: int) -> None:
    """A worker stands still before it sends a write again, and a customer is redacted meanwhile."""
    world = World(seed)
    call = a_write_under_way(world)
    call.lost = True
    world.arrive(call)
    (task,) = world.tasks
    world.asleep[id(task)] = float("inf")
    world.send(REDACT)
    while "doneAt" not in world.marked(f"erased#customer#{ADA}"):
        world.step()
    world.rest()
    no_trace_of_ada(world)


class TestAPurge:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_holds(self, seed: int) -> None:
        purged(seed)

    @pytest.mark.parametrize("seed", range(4))
    def test_waits_for_a_write_that_is_under_way(self, seed: int) -> None:
        a_late_write(seed)


class TestARedaction:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_holds(self, seed: int) -> None:
        redacted(seed)

    @pytest.mark.parametrize("seed", range(4))
    def test_holds_against_a_worker_that_wakes_after_it(self, seed: int) -> None:
        a_paused_worker(seed)


@dataclass(frozen=True, slots=True)
class Bug:
    """Something left out of the protocol, and what shows it."""

    name: str
    where: Any
    what: str
    instead: Any
    shown_by: Callable[[int], None]


def _never_asked_again(fence: fences.Fence) -> None:
    fence.lease.assert_held()


BUGS = (
    Bug("no-wait", daemon, "settled_after", lambda _: timedelta(0), a_late_write),
    Bug("asked-only-once", fences.Fence, "assert_held", _never_asked_again, a_paused_worker),
    Bug(
        "nothing-is-held-against-the-mark",
        DynamoErasures,
        "of",
        lambda *_: erasures.NOTHING,
        redacted,
    ),
    Bug(
        "a-late-copy-purges-again",
        erasures.Erasure,
        "asked_again",
        lambda mark, asked: asked if mark.lifted_at else mark,
        purged,
    ),
    Bug("the-state-stays", DynamoUserRecords, "remove_state", lambda *_: None, purged),
)


class TestABug:
    @pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
    def test_is_found(self, bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bug.where, bug.what, bug.instead)
        for seed in range(60):
            try:
                bug.shown_by(seed)
            except (Violation, AssertionError):
                return
        pytest.fail(f"no schedule shows {bug.name}")
