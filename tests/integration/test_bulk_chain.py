"""A run through a bulk operation, from the request to the last slice, whoever dies on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from adapters.breakers import Breakers
from adapters.guards import GuardedSource
from adapters.shopify_bulk_cursors import place_in
from domain.checkpoints import RunStatus, SourceName
from domain.failures import Reason
from domain.messages import Delivery, RunKey, SyncType
from domain.orders import Order, OrderPage, PageRequest, StoreReport, Window
from domain.outcomes import Later, Outcome, Why
from domain.ports import Lease, OrderSource, OrderStore
from domain.shops import ConnectedShop
from sandbox.shopify.faults import Fault
from sandbox.shopify.order_maker import LONG_ORDER_INDEX
from tests.builders import KEY, USER, a_policy, a_request
from tests.bulk import BulkBench, a_bulk_bench
from tests.daemon import Daemon, use_cases

ORDERS = 45
SLICE = 10
SLICES = 5
NO_DELAY: dict[SyncType, timedelta | None] = dict.fromkeys(SyncType, timedelta(0))


class Killed(BaseException):
    """The process is gone, in the middle of what it did."""


@dataclass(slots=True)
class Fate:
    """The numbers of the calls after which the process is killed."""

    deaths: set[int] = field(default_factory=set)
    calls: int = 0

    def next(self) -> None:
        self.calls += 1
        if self.calls in self.deaths:
            raise Killed


@dataclass(frozen=True, slots=True)
class DoomedSource(OrderSource):
    """Dies after it has asked Shopify, and before anybody learns what it heard."""

    source: OrderSource
    fate: Fate

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        try:
            return self.source.fetch_page(shop, request)
        finally:
            self.fate.next()

    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:
        return self.source.fetch_orders(shop, order_ids)

    def count(self, shop: ConnectedShop, window: Window) -> int | None:
        return self.source.count(shop, window)


@dataclass(frozen=True, slots=True)
class DoomedOrders(OrderStore):
    """Dies after it has stored the orders, and before the checkpoint moves."""

    orders: OrderStore
    fate: Fate

    def save(self, shop: ConnectedShop, orders: tuple[Order, ...], lease: Lease) -> StoreReport:
        report = self.orders.save(shop, orders, lease)
        self.fate.next()
        return report


@dataclass(slots=True)
class Chain:
    """A daemon that reads the shop of the bench, message after message."""

    bench: BulkBench
    asking: Fate = field(default_factory=Fate)
    storing: Fate = field(default_factory=Fate)
    daemon: Daemon = field(init=False)
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        policy = a_policy(
            sources=dict.fromkeys(SyncType, SourceName.BULK),
            page_size=SLICE,
            page_delays=NO_DELAY,
        )
        self.daemon = Daemon(policy, clock=self.bench.clock)
        self.daemon.shops.connect(replace(self.bench.shop, user_id=USER))

    def ask(self, key: RunKey = KEY, request_id: str = "request-1") -> None:
        self.daemon.queue.publish(a_request(request_id, key), timedelta(0))

    def deliver_next(self) -> None:
        """Wait for the next message and handle it; nothing is settled by who is killed."""
        daemon = self.daemon
        at = daemon.queue.next_visible_at()
        assert at is not None
        daemon.clock.advance(max(at - daemon.clock.now(), timedelta(0)))
        copy = daemon.queue.receive(daemon.queue.visible()[0])
        breakers = Breakers(daemon.clock, daemon.chance, daemon.observer)
        handle = use_cases(
            daemon,
            DoomedSource(GuardedSource(self.bench.source, breakers), self.asking),
            DoomedOrders(daemon.orders, self.storing),
            daemon.leases,
        )
        try:
            outcome = handle(Delivery(copy.message, copy.receives))
        except Killed:
            return
        self.outcomes.append(outcome)
        daemon.queue.settle(copy, outcome)

    def run_dry(self, most: int = 500) -> None:
        for _ in range(most):
            if not self.daemon.queue.copies:
                return
            self.deliver_next()
        raise AssertionError(f"still not done after {most} deliveries")

    def read_from(self) -> Counter[int]:
        """How often a slice was read from each place of the file."""
        return Counter(each.first for each in self.bench.world.downloads.requests())

    def check(self, saved: int = ORDERS) -> None:
        run = self.daemon.run()
        assert run.status is RunStatus.COMPLETED
        assert run.totals.saved == saved
        assert run.totals.expected == ORDERS
        assert len(self.daemon.orders.of(USER)) == ORDERS
        assert self.daemon.queue.dead.reasons() == []


@pytest.fixture
def chain() -> Iterator[Chain]:
    with a_bulk_bench(ORDERS + 1) as bench:
        bench.catalogue.delete(LONG_ORDER_INDEX)  # which is too large to be stored
        yield Chain(bench)


class TestARunThroughABulkOperation:
    def test_stores_every_order_and_counts_each_slice_as_a_page(self, chain: Chain) -> None:
        chain.ask()
        chain.run_dry()
        chain.check()
        assert chain.daemon.run().page == SLICES + 1
        assert chain.bench.submitted == 1
        assert set(chain.read_from().values()) == {1}

    def test_stores_the_operation_before_it_looks_at_it(self, chain: Chain) -> None:
        chain.ask()
        chain.deliver_next()
        (outcome,) = chain.outcomes
        assert isinstance(outcome, Later)
        assert outcome.why is Why.PREPARING
        run = chain.daemon.run()
        assert place_in(run.cursor).operation == "gid://shopify/BulkOperation/4300000000001"
        assert (run.page, run.attempts, run.lease) == (1, 0, None)
        assert run.waiting_for == "Shopify prepares the orders (created)"

    def test_leaves_the_mark_an_overlap_behind_its_start(self, chain: Chain) -> None:
        daily = replace(KEY, sync_type=SyncType.DAILY)
        began = chain.bench.clock.now()
        chain.ask(daily)
        chain.run_dry()
        mark = chain.daemon.checkpoints.watermark(USER)
        assert mark == began - chain.daemon.policy.daily_overlap

    def test_leaves_what_changes_meanwhile_to_the_next_one(self, chain: Chain) -> None:
        daily = replace(KEY, sync_type=SyncType.DAILY)
        chain.ask(daily)
        for _ in range(4):
            chain.deliver_next()
        changed = chain.bench.catalogue.touch(3, chain.bench.clock.now())
        made = chain.bench.catalogue.create(chain.bench.clock.now())
        chain.run_dry()
        assert str(made.id) not in chain.daemon.orders.of(USER)
        chain.bench.passes(86_400)
        chain.ask(daily, "request-2")
        chain.run_dry()
        stored = chain.daemon.orders.of(USER)
        assert len(stored) == ORDERS + 1
        assert stored[str(changed.id)].updated_at.timestamp() == changed.updated
        assert chain.daemon.run(daily).totals.saved == 2

    def test_counts_nothing_of_the_wait_as_an_attempt(self, chain: Chain) -> None:
        chain.bench.world.downloads.pace.running = 5 * 3600
        chain.ask()
        chain.run_dry(most=400)
        chain.check()
        waits = [o for o in chain.outcomes if isinstance(o, Later) and o.why is Why.PREPARING]
        assert len(waits) > 300
        assert not any(isinstance(o, Later) and o.why is Why.RETRIED for o in chain.outcomes)


class TestAProcessThatIsKilled:
    @pytest.mark.parametrize("call", range(1, 10))
    def test_has_asked_for_one_operation_and_for_one_slice_too_many(
        self, chain: Chain, call: int
    ) -> None:
        chain.asking.deaths = {call}
        chain.ask()
        chain.run_dry()
        chain.check()
        assert chain.bench.submitted == 1
        assert chain.read_from().total() <= SLICES + 1

    @pytest.mark.parametrize("call", range(1, SLICES + 1))
    def test_has_stored_one_slice_too_often(self, chain: Chain, call: int) -> None:
        chain.storing.deaths = {call}
        chain.ask()
        chain.run_dry()
        chain.check()
        assert chain.read_from().total() == SLICES + 1

    def test_may_be_killed_every_other_time(self, chain: Chain) -> None:
        chain.asking.deaths = set(range(1, 200, 2))
        chain.ask()
        chain.run_dry()
        chain.check()
        assert chain.bench.submitted == 1
        assert max(chain.read_from().values()) <= 2


class TestARunInTrouble:
    def test_reads_on_when_its_url_expires_midway(self, chain: Chain) -> None:
        chain.bench.meets(Fault.URL_EXPIRED, skip=2)
        chain.ask()
        chain.run_dry()
        chain.check()
        assert chain.bench.submitted == 1

    @pytest.mark.parametrize(
        "fault",
        [
            Fault.BULK_FAILS,
            Fault.BULK_TIMES_OUT,
            Fault.BULK_CANCELED,
            Fault.BULK_EXPIRES,
            Fault.BULK_STUCK_CREATED,
            Fault.BULK_STUCK_RUNNING,
        ],
    )
    def test_submits_another_operation_and_says_so(self, chain: Chain, fault: Fault) -> None:
        chain.bench.meets(fault)
        chain.ask()
        while (error := chain.daemon.run().last_error if chain.outcomes else None) is None:
            chain.deliver_next()
        assert "another one is submitted" in error.message
        assert chain.daemon.run().attempts == 1
        chain.run_dry()
        chain.check()
        assert chain.bench.submitted == 2

    @pytest.mark.parametrize(
        "fault",
        [
            Fault.STRAY_CHILD,
            Fault.CUT_LINE,
            Fault.RANGE_IGNORED,
            Fault.DOWNLOAD_RESET,
            Fault.DOWNLOAD_UNAVAILABLE,
        ],
    )
    def test_stores_nothing_wrong_and_nothing_twice(self, chain: Chain, fault: Fault) -> None:
        chain.bench.meets(fault, skip=2)
        chain.ask()
        chain.run_dry()
        chain.check()

    @pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.SERVER_ERROR])
    @pytest.mark.parametrize("request_number", range(5))
    def test_goes_on_after_a_request_that_failed(
        self, chain: Chain, fault: Fault, request_number: int
    ) -> None:
        chain.bench.meets(fault, skip=request_number)
        chain.ask()
        chain.run_dry()
        chain.check()
        assert chain.bench.submitted == 1

    def test_begins_again_where_its_file_is_another_midway(self, chain: Chain) -> None:
        chain.bench.meets(Fault.FILE_CHANGED, skip=2)
        chain.ask()
        chain.run_dry()
        chain.check(saved=ORDERS + 2 * SLICE)

    def test_waits_while_other_operations_run(self, chain: Chain) -> None:
        chain.bench.meets(Fault.BULK_IN_PROGRESS, times=3)
        chain.ask()
        chain.deliver_next()
        assert "busy" in str(chain.daemon.run().waiting_for)
        chain.run_dry()
        chain.check()

    def test_ends_where_access_is_denied_and_goes_on_when_it_is_granted(self, chain: Chain) -> None:
        chain.bench.meets(Fault.BULK_DENIED)
        chain.ask()
        chain.run_dry()
        assert chain.daemon.run().status is RunStatus.FAILED
        assert chain.daemon.queue.dead.reasons() == [Reason.SHOP_UNAUTHORIZED.value]
        chain.daemon.queue.redrive()
        chain.run_dry()
        chain.check()

    def test_is_buried_when_no_operation_ever_succeeds(self, chain: Chain) -> None:
        chain.bench.meets(Fault.BULK_FAILS, times=100)
        chain.ask()
        chain.run_dry()
        assert chain.daemon.run().status is RunStatus.FAILED
        assert chain.daemon.queue.dead.reasons() == [Reason.SHOPIFY_ERROR.value]
        assert chain.bench.submitted == chain.daemon.policy.max_attempts


class TestTheToken:
    def test_is_never_sent_to_the_download_host(self, chain: Chain) -> None:
        chain.ask()
        chain.run_dry()
        seen = chain.bench.world.downloads.requests()
        assert len(seen) == SLICES
        assert not any(each.token or each.cookie for each in seen)
