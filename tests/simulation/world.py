"""A world with a seed: workers, a queue, stores and a shop that all misbehave as they may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

from domain.checkpoints import Checkpoint, RunStatus
from domain.messages import Delivery, RunKey, SyncRequest, SyncType
from domain.orders import Order, OrderPage, PageRequest
from domain.outcomes import Outcome
from domain.shops import ConnectedShop
from tests.builders import NOW, a_policy, a_shop, an_order, orders
from tests.daemon import Daemon, use_cases
from tests.fakes.checkpoints import FakeCheckpoints
from tests.fakes.leases import FakeLease
from tests.fakes.order_source import FakeOrderSource
from tests.fakes.queue import Copy
from tests.simulation.turns import Stepwise, Turn, current_turn

KEYS = (RunKey("user-1", SyncType.MANUAL), RunKey("user-1", SyncType.DAILY))
VISIBILITY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Advance:
    """A page that counted."""

    run_id: str
    page: int
    counted: int
    orders: tuple[Order, ...]


class RecordingCheckpoints(FakeCheckpoints):
    """Remembers every page that was advanced."""

    advances: list[Advance]
    handed_over: Callable[[], tuple[Order, ...]]

    def _store(self, run: Checkpoint) -> Checkpoint:
        before = self._runs.get(run.key)
        if before is not None and before.run_id == run.run_id and run.page != before.page:
            totals, old = run.totals, before.totals
            counted = totals.saved + totals.failed - old.saved - old.failed
            advance = Advance(run.run_id, before.page, counted, self.handed_over())
            self.advances.append(advance)
        return super()._store(run)


@dataclass(slots=True)
class Handling:
    """A worker thread at work on a delivery (or a watchdog's round, without one)."""

    turn: Turn
    copy: Copy | None
    awake_at: Any = NOW
    lease: FakeLease | None = None
    held: Checkpoint | None = None


class Simulation:
    """One schedule; everything about it follows from the seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)  # noqa: S311 - repeatable on purpose
        policy = a_policy(
            page_size=4,
            visibility=VISIBILITY,
            max_attempts=1000,
            page_delays=dict.fromkeys(SyncType, timedelta(seconds=30)),
            stall_grace=timedelta(seconds=90),
        )
        self.daemon = Daemon(policy=policy)
        self.daemon.checkpoints = self.checkpoints = RecordingCheckpoints(self.daemon.clock)
        self.checkpoints.advances = []
        self.checkpoints.handed_over = self._handed_over
        self.shop = FakeOrderSource(orders(self.random.randint(0, 18)))
        self.daemon.shops.connect(a_shop())
        self.handlings: list[Handling] = []
        self.faults: Counter[str] = Counter()
        self.trace: list[str] = []
        self._requests = 0
        self._orders = 1000
        self._stepwise = self._use_cases()

    def run(self, steps: int = 120) -> None:
        """Make trouble for so many steps, then stop and let the world come to rest."""
        for number in range(self.random.randint(1, 3)):
            self._request(self.random.choice(KEYS), number)
        for _ in range(steps):
            self._trouble()
        self._come_to_rest()

    # What may happen

    def _trouble(self) -> None:
        deeds: list[tuple[int, Callable[[], None]]] = [
            (60, self._go_on),
            (14, self._start),
            (6, self._pass_time),
            (3, self._crash),
            (3, self._pause),
            (3, self._duplicate),
            (3, self._lose_an_answer),
            (2, self._change_an_order),
            (2, self._watch),
            (1, self._another_request),
            (1, self._redrive),
            (1, self._clear),
        ]
        weights = [weight for weight, _ in deeds]
        self.random.choices([deed for _, deed in deeds], weights)[0]()

    def _go_on(self) -> None:
        now = self.daemon.clock.now()
        awake = [each for each in self.handlings if each.awake_at <= now]
        if not awake:
            self._start()
            return
        each = self.random.choice(awake)
        self._beat(each)
        each.turn.take()
        self.daemon.clock.advance(timedelta(seconds=self.random.choice((0, 0, 1))))
        self._finish(each)

    def _start(self) -> None:
        visible = self.daemon.queue.visible()
        if len(self.handlings) >= 3 or not visible:
            return
        copy = self.daemon.queue.receive(self.random.choice(visible))
        self._say(f"deliver {copy.message} (receive {copy.receives})")
        delivery = Delivery(copy.message, copy.receives)
        self.handlings.append(Handling(Turn(lambda: self._stepwise(delivery)), copy))

    def _pass_time(self) -> None:
        self.daemon.clock.advance(timedelta(seconds=self.random.choice((5, 30, 120))))
        for each in self.handlings:
            self._beat(each)

    def _crash(self) -> None:
        if self.handlings:
            each = self.random.choice(self.handlings)
            self._fault("crash")
            each.turn.crash()
            self.handlings.remove(each)

    def _pause(self) -> None:
        if self.handlings:
            each = self.random.choice(self.handlings)
            self._fault("pause")
            each.awake_at = self.daemon.clock.now() + 3 * VISIBILITY

    def _duplicate(self) -> None:
        if self.daemon.queue.copies:
            self._fault("duplicate")
            self.daemon.queue.duplicate(self.random.choice(list(self.daemon.queue.copies.values())))

    def _lose_an_answer(self) -> None:
        store: Any = self.random.choice(
            (self.daemon.queue, self.checkpoints, self.daemon.failed_batches, self.daemon.orders)
        )
        self._fault("lost answer")
        store.lose_next_answer()

    def _change_an_order(self) -> None:
        self._orders += 1
        number = self.random.choice((self._orders, self.random.randint(1, 18)))
        self.shop.put(an_order(number, self.daemon.clock.now(), note=str(self._orders)))

    def _another_request(self) -> None:
        self._request(self.random.choice(KEYS), self.random.randint(0, 5))

    def _request(self, key: RunKey, number: int) -> None:
        restart = self.random.random() < 0.2
        request = SyncRequest(key, f"{key.sync_type}-{number}", restart=restart)
        self._say(f"publish {request}")
        self.daemon.queue.recover()
        self.daemon.queue.publish(request, timedelta(0))

    def _watch(self) -> None:
        watchdog = replace(
            self.daemon.watchdog,
            checkpoints=Stepwise(self.checkpoints),
            publish=self._stepwise.continue_run.publish,
        )
        self.handlings.append(Handling(Turn(lambda: watchdog(10)), None))

    def _redrive(self) -> None:
        self.daemon.queue.redrive()

    def _clear(self) -> None:
        self._fault("clear")
        self.checkpoints.recover()
        self.checkpoints.clear(self.random.choice(KEYS))

    # How it works

    def _finish(self, each: Handling) -> None:
        if not each.turn.done:
            return
        self.handlings.remove(each)
        if each.copy is None:
            return
        if each.turn.error is not None:
            raise AssertionError(f"escaped: {each.turn.error!r}") from each.turn.error
        outcome: Outcome = each.turn.result
        self._say(f"settle {each.copy.message}: {outcome}")
        if self.random.random() < 0.05:
            self._fault("unsettled")
            return
        self.daemon.queue.settle(each.copy, outcome)

    def _beat(self, each: Handling) -> None:
        """The heartbeat of a process that is awake."""
        if each.awake_at > self.daemon.clock.now() or each.copy is None:
            return
        self.daemon.queue.extend(each.copy)
        if each.lease is not None and each.held is not None:
            clock = self.daemon.clock
            if self.checkpoints._runs and self._extend(each.held):
                each.lease.until = clock.monotonic() + VISIBILITY.total_seconds() * 0.8

    def _extend(self, held: Checkpoint) -> bool:
        faults, self.checkpoints._faults = (
            self.checkpoints._faults,
            type(self.checkpoints._faults)(),
        )
        try:
            return self.checkpoints.extend(held, self.daemon.clock.now() + VISIBILITY)
        finally:
            self.checkpoints._faults = faults

    def _use_cases(self) -> Any:
        simulation = self

        class Leases:
            @contextmanager
            def keep(self, held: Checkpoint, granted: float) -> Any:
                lease = FakeLease(
                    simulation.daemon.clock, granted + VISIBILITY.total_seconds() * 0.8
                )
                mine = simulation._mine()
                if mine is not None:
                    mine.lease, mine.held = lease, held
                try:
                    yield lease
                finally:
                    if mine is not None:
                        mine.lease = mine.held = None

        class Source:
            def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
                page = simulation.shop.fetch_page(shop, request)
                mine = simulation._mine()
                if mine is not None:
                    simulation._fetched[id(mine)] = page.orders
                return page

            def fetch_orders(self, shop: ConnectedShop, ids: tuple[str, ...]) -> tuple[Order, ...]:
                return simulation.shop.fetch_orders(shop, ids)

        self._fetched: dict[int, tuple[Order, ...]] = {}
        plain = self.daemon
        world: Any = replace_ports(plain, self.checkpoints)
        source: Any = Stepwise(Source())
        stored: Any = Stepwise(plain.orders)
        leases: Any = Leases()
        return use_cases(world, source, stored, leases)

    def _handed_over(self) -> tuple[Order, ...]:
        """The page that the work which is advancing has fetched."""
        mine = self._mine()
        return () if mine is None else self._fetched.get(id(mine), ())

    def _mine(self) -> Handling | None:
        turn = current_turn()
        return next((each for each in self.handlings if each.turn is turn), None)

    def _come_to_rest(self) -> None:
        self._say("faults stop")
        for store in (self.daemon.queue, self.checkpoints, self.daemon.failed_batches):
            store.recover()
        self.daemon.orders.recover()
        for each in self.handlings:
            each.awake_at = NOW
        for _ in range(4000):
            if self.handlings:
                self._beat(self.handlings[0])
                self.handlings[0].turn.take()
                self._finish(self.handlings[0])
            elif self.daemon.queue.visible():
                self._start()
            elif self._all_complete() and not self.daemon.queue.copies:
                return
            else:
                self.daemon.clock.advance(timedelta(seconds=30))
                self.daemon.watchdog(10)
        raise AssertionError("the world does not come to rest")

    def _all_complete(self) -> bool:
        return all(
            run is None or run.status is RunStatus.COMPLETED
            for run in map(self.checkpoints.find, KEYS)
        )

    def _fault(self, kind: str) -> None:
        self.faults[kind] += 1
        self._say(kind)

    def _say(self, text: str) -> None:
        self.trace.append(f"{self.daemon.clock.now():%H:%M:%S} {text}")


def replace_ports(plain: Daemon, checkpoints: FakeCheckpoints) -> Any:
    """The daemon's ports, each with steps around its calls."""

    class Ports:
        policy, observer = plain.policy, plain.observer
        clock, chance = plain.clock, plain.chance

    ports: Any = Ports()
    ports.checkpoints = Stepwise(checkpoints)
    ports.shops = Stepwise(plain.shops)
    ports.queue = Stepwise(plain.queue)
    ports.failed_batches = Stepwise(plain.failed_batches)
    return ports
