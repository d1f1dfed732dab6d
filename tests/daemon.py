"""The real use-cases over verified fakes: a daemon without threads, whose time we set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from adapters.dead_letter_limit import DeadLetterLimit
from domain.checkpoints import Checkpoint, SourceName
from domain.continuing import ContinueRun
from domain.erasing import PurgeUser, RedactCustomer
from domain.erasures import settled_after
from domain.failures import Interrupted
from domain.giving_up import GiveUpPage
from domain.handling import HandleDelivery
from domain.keeping import KeepFailedBatches
from domain.messages import Delivery, Message, RunKey
from domain.orders import Order, OrderPage, PageRequest, Window
from domain.outcomes import Outcome
from domain.policy import RunPolicy
from domain.ports import LeaseKeeper, OrderSource, OrderStore
from domain.publishing import PublishPage
from domain.reaching import FindShop
from domain.requesting import AnswerRequest
from domain.retrying_batches import RetryFailedBatch
from domain.shops import ConnectedShop
from domain.watching import TakeUpStalledRuns
from domain.working import WorkOnPage
from tests.builders import KEY, VISIBILITY, a_policy, a_shop
from tests.fakes.chance import FakeChance
from tests.fakes.checkpoints import FakeCheckpoints
from tests.fakes.clock import FakeClock
from tests.fakes.erasures import FakeErasures, FakeUserRecords
from tests.fakes.failed_batches import FakeFailedBatches
from tests.fakes.leases import FakeLeases
from tests.fakes.observer import FakeObserver
from tests.fakes.order_source import FakeOrderSource
from tests.fakes.orders import FakeOrders
from tests.fakes.queue import SimulatedQueue
from tests.fakes.shops import FakeShops


@dataclass(slots=True)
class Daemon:
    """One daemon and everything around it."""

    policy: RunPolicy = field(default_factory=a_policy)
    clock: FakeClock = field(default_factory=FakeClock)
    chance: FakeChance = field(default_factory=FakeChance)
    observer: FakeObserver = field(default_factory=FakeObserver)
    source: FakeOrderSource = field(default_factory=FakeOrderSource)
    orders: FakeOrders = field(default_factory=FakeOrders)
    failed_batches: FakeFailedBatches = field(default_factory=FakeFailedBatches)
    checkpoints: FakeCheckpoints = field(init=False)
    shops: FakeShops = field(init=False)
    erasures: FakeErasures = field(init=False)
    records: FakeUserRecords = field(init=False)
    queue: SimulatedQueue = field(init=False)
    leases: FakeLeases = field(init=False)
    limit: DeadLetterLimit = field(init=False)
    while_fetching: Callable[[], object] | None = None
    """What happens elsewhere while a page is being fetched."""

    def __post_init__(self) -> None:
        self.checkpoints = FakeCheckpoints(self.clock)
        self.shops = FakeShops(self.clock, a_shop())
        self.erasures = FakeErasures(self.clock)
        self.orders.ledger = self.checkpoints.ledger = self.erasures
        self.records = FakeUserRecords(
            self.shops, self.checkpoints, self.failed_batches, self.orders, self.erasures
        )
        self.queue = SimulatedQueue(self.clock, self.policy.visibility)
        self.leases = FakeLeases(self.clock, VISIBILITY)
        self.limit = DeadLetterLimit(self.clock, self.observer)

    @classmethod
    def of(cls, orders: Iterable[Order] = (), **policy: object) -> Daemon:
        """A daemon whose shop has these orders."""
        return cls(policy=a_policy(**policy), source=FakeOrderSource(orders))

    @property
    def handle(self) -> HandleDelivery:
        source = Meanwhile(self.source, self.while_fetching or (lambda: None))
        return use_cases(self, source, self.orders, self.leases)

    def stop(self) -> None:
        """What a wait does when the process stops."""
        raise Interrupted

    @property
    def watchdog(self) -> TakeUpStalledRuns:
        return TakeUpStalledRuns(
            self.checkpoints,
            self._publish,
            self.observer,
            self.clock,
            self.chance,
            self.policy,
        )

    def deliver(self, message: Message, receive_count: int = 1) -> Outcome:
        return self.handle(Delivery(message, receive_count))

    def deliver_next(self) -> Outcome:
        """Wait for the next message, handle it and settle it."""
        at = self.queue.next_visible_at()
        if at is None:
            raise AssertionError("the queue is empty")
        self.clock.advance(max(at - self.clock.now(), timedelta(0)))
        copy = self.queue.receive(self.queue.visible()[0])
        outcome = self.deliver(copy.message, copy.receives)
        self.queue.settle(copy, outcome)
        return outcome

    def run_dry(self, most: int = 200) -> None:
        """Handle messages until none is left."""
        for _ in range(most):
            if not self.queue.copies:
                return
            self.deliver_next()
        raise AssertionError(f"still not done after {most} deliveries")

    def run(self, key: RunKey = KEY) -> Checkpoint:
        """The stored checkpoint."""
        found = self.checkpoints.find(key)
        if found is None:
            raise AssertionError("no checkpoint")
        return found

    @property
    def _publish(self) -> PublishPage:
        return PublishPage(self.checkpoints, self.queue, self.clock, self.chance)


@dataclass(frozen=True, slots=True)
class Meanwhile(OrderSource):
    """A source during whose requests something else happens."""

    source: OrderSource
    deed: Callable[[], object]

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        self.deed()
        return self.source.fetch_page(shop, request)

    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:
        self.deed()
        return self.source.fetch_orders(shop, order_ids)

    def count(self, shop: ConnectedShop, window: Window) -> int | None:
        return self.source.count(shop, window)


def use_cases(
    world: Daemon, source: OrderSource, orders: OrderStore, leases: LeaseKeeper
) -> HandleDelivery:
    """The message handling, as the container puts it together."""
    checkpoints, observer, clock = world.checkpoints, world.observer, world.clock
    chance, policy = world.chance, world.policy
    find_shop = FindShop(world.shops, world.erasures)
    erase = (world.erasures, world.records, observer, clock, settled_after(policy.visibility))
    publish = PublishPage(checkpoints, world.queue, clock, chance)
    work = WorkOnPage(
        checkpoints=checkpoints,
        find_shop=find_shop,
        sources=dict.fromkeys(SourceName, source),
        orders=orders,
        keep_failed=KeepFailedBatches(
            world.failed_batches, world.queue, observer, clock, world.limit
        ),
        leases=leases,
        publish=publish,
        give_up=GiveUpPage(checkpoints, observer, clock, chance, policy),
        observer=observer,
        clock=clock,
        policy=policy,
    )
    carry_on = ContinueRun(checkpoints, work, publish, observer, clock, chance, policy)
    return HandleDelivery(
        answer_request=AnswerRequest(checkpoints, work, carry_on, observer, clock, chance, policy),
        continue_run=carry_on,
        retry_batch=RetryFailedBatch(
            failed_batches=world.failed_batches,
            find_shop=find_shop,
            sources=dict.fromkeys(SourceName, source),
            orders=orders,
            publisher=world.queue,
            observer=observer,
            clock=clock,
            chance=chance,
            policy=policy,
        ),
        purge=PurgeUser(*erase),
        redact=RedactCustomer(*erase),
        observer=observer,
        chance=chance,
    )
