"""A worker's own objects between a simulated Shopify and strict engines of SQS and DynamoDB.

Requests to Shopify go over HTTP; time passes only where somebody waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dependency_injector import providers

from adapters.dynamodb_tables import TableNames, designs
from config.container import Container
from config.settings import load
from domain.checkpoints import Checkpoint, RunStatus, SourceName
from domain.deliveries import Received
from domain.messages import RunKey, SyncRequest, SyncType
from domain.ports import Clock
from entrypoints.assembly import handle_of
from entrypoints.messages import encode
from entrypoints.settling import SettleDelivery
from sandbox.shopify.catalogue import Catalogue
from sandbox.shopify.faults import Fault, Switch
from sandbox.shopify.server import ShopifyServer
from sandbox.shopify.shops import Plan, Shop, Shops
from sandbox.shopify.world import World
from sandbox.strict_dynamodb.engine import StrictDynamoDB
from tests.builders import a_shop
from tests.fakes.chance import FakeChance
from tests.fakes.clock import FakeClock
from tests.fakes.pause import FakePause
from tests.strict_dynamodb import StrictClient
from tests.strict_sqs import StrictQueues

SHOP = "faulty.myshopify.com"
OTHER_SHOP = "healthy.myshopify.com"
USER, OTHER_USER = "user-1", "user-2"
ORDERS, PAGE_SIZE, PAGES = 40, 8, 5
MOST_LINES = 3
"""Of an order: where a fault hits is a matter of requests, pages and orders, not of their size."""
TABLES = TableNames("sync_checkpoints", "orders", "shops")
MOST_DELIVERIES = 400


class Killed(BaseException):
    """The process is gone: nothing catches this."""


@dataclass(frozen=True, slots=True)
class Mortal:
    """A client of DynamoDB; the process may die before any call."""

    client: StrictClient
    before: Callable[[str, Mapping[str, Any]], object]

    def __getattr__(self, operation: str) -> Any:
        def call(**asked: Any) -> Any:
            self.before(operation, asked)
            return getattr(self.client, operation)(**asked)

        return call


@dataclass(frozen=True, slots=True)
class ClockAhead(Clock):
    """A clock that somebody has set wrongly."""

    right: FakeClock
    by: timedelta

    def now(self) -> datetime:
        return self.right.now() + self.by

    def monotonic(self) -> float:
        return self.right.monotonic()


@dataclass
class Stage:
    """Two users with a shop each; faults hit the first shop."""

    source: SourceName
    clock: FakeClock = field(default_factory=FakeClock)
    ahead: timedelta = timedelta(0)
    """Of the right time, which Shopify and AWS have: the worker's clock."""
    settings: dict[str, Any] = field(default_factory=dict)
    orders: int = ORDERS

    def __post_init__(self) -> None:
        self.shops = Shops(
            [
                Shop(SHOP, orders=self.orders, plan=Plan.PLUS, most_lines=MOST_LINES),
                Shop(OTHER_SHOP, orders=PAGE_SIZE, plan=Plan.PLUS, most_lines=MOST_LINES),
            ]
        )
        self.world = World(
            self.shops, self.clock.monotonic, wall=lambda: self.clock.now().timestamp()
        )
        self.dynamodb = StrictDynamoDB(lambda: self.clock.now().timestamp())
        for design in designs(TABLES):
            self.dynamodb.create_table(**design.definition())
        self.queues = StrictQueues(self.clock)
        self.pause = FakePause(self.clock.advance)
        self.chance = FakeChance()  # no two workers make the same id
        self.before_call: Callable[[str, Mapping[str, Any]], object] = lambda *_: None

    def open(self) -> None:
        """Start the simulated Shopify and the worker."""
        self.server = ShopifyServer(self.world).__enter__()
        self.restart()
        self.connect(USER, SHOP)
        self.connect(OTHER_USER, OTHER_SHOP)

    def close(self) -> None:
        self.server.__exit__(None, None, None)

    def restart(self) -> None:
        """A worker process of its own, as after a kill: nothing of the old one is left."""
        self.container = self._container()
        self._limit = self.container.dead_letter_limit()
        self._handle = handle_of(self.container, self._limit)
        self._settle = SettleDelivery(
            self.container.inbox(),
            self.container.observer(),
            self.clock,
            self.container.chance(),
            self.pause,
        )

    def connect(self, user_id: str, shop: str) -> None:
        found = self.shops.find(shop)
        assert found is not None
        self.container.shops().connect(a_shop(user_id, shop, found.token))

    # What happens

    def dies_after_storing(self) -> None:
        """The process is killed once a page's orders are stored, before anything else is."""
        stored = False

        def die(operation: str, _: Mapping[str, Any]) -> None:
            nonlocal stored
            if stored and operation != "batch_write_item":
                self.before_call = lambda *_: None
                raise Killed
            stored |= operation == "batch_write_item"

        self.before_call = die

    def dies_before_sending(self) -> None:
        """The process is killed when it sends its next message."""

        def die() -> None:
            del self.queues.before_calls["send_message"]
            raise Killed

        self.queues.before_calls["send_message"] = die

    def hit(self, fault: Fault, times: int = 1, skip: int = 0, **more: Any) -> None:
        """So many of the shop's requests after the first `skip` fail like that."""
        self.world.faults.add(Switch(fault, SHOP, times=times, skip=skip, **more))

    @property
    def catalogue(self) -> Catalogue:
        api = self.world.api(SHOP)
        assert api is not None
        return api.storefront.catalogue

    def rewrite(self, index: int, **fields: Any) -> str:
        """Let an order of the shop have these values (GraphQL's names); returns its id."""
        api = self.world.api(SHOP)
        key = self.catalogue.by_index(index)
        assert api is not None
        assert key is not None
        storefront: Any = api.storefront
        made = storefront._made
        changed = {**made(key), **fields}
        storefront._made = lambda each: changed if each.index == index else made(each)
        storefront.bulk.make = storefront._made
        return str(key.id)

    def hide(self, index: int) -> str:
        """Let the shop count an order and hand it over to nobody; returns its id."""
        key = self.catalogue.by_index(index)
        assert key is not None
        self.catalogue.hide(index)
        return str(key.id)

    def unhide(self) -> None:
        self.catalogue.hide()

    def sync(self, sync_type: SyncType = SyncType.MANUAL, *users: str) -> None:
        """Ask for a sync and work until the queue is empty."""
        for user_id in users or (USER,):
            self.request(sync_type, user_id)
        self.work()

    def request(self, sync_type: SyncType = SyncType.MANUAL, user_id: str = USER) -> None:
        number = len(self.queues.calls)
        request = SyncRequest(RunKey(user_id, sync_type), f"request-{number}")
        self.container.publisher().publish(request, timedelta(0))

    def work(self, most: int = MOST_DELIVERIES) -> None:
        """Handle one message after the other until none is left."""
        for _ in range(most):
            if not self.work_once():
                return
        raise AssertionError(f"still not done after {most} deliveries")

    def work_once(self) -> bool:
        """Handle the next message, whenever it is visible; False if there is none."""
        at = self.queues.engine.next_visible_at(self.queues.urls.source)
        if at is None:
            return False
        self.clock.advance(timedelta(seconds=max(0.0, at - self.clock.now().timestamp())))
        for received in self.container.inbox().receive(1, timedelta(0)):
            self.handle(received)
        return True

    def handle(self, received: Received) -> None:
        began = self.clock.monotonic()
        with self.container.heartbeat().hold(received):
            handled = self._handle(received)
        self._settle(received, handled, began)

    # What has become of it

    def run(self, sync_type: SyncType = SyncType.MANUAL, user_id: str = USER) -> Checkpoint:
        found = self.container.checkpoints().find(RunKey(user_id, sync_type))
        assert found is not None
        return found

    def completed(self, sync_type: SyncType = SyncType.MANUAL, user_id: str = USER) -> bool:
        return self.run(sync_type, user_id).status is RunStatus.COMPLETED

    def stored(self, user_id: str = USER) -> dict[str, Mapping[str, Any]]:
        """The user's items in the orders table, by order id."""
        items = self.dynamodb.tables[TABLES.orders].items.values()
        return {item["orderId"]["S"]: item for item in items if item["userId"]["S"] == user_id}

    def missing(self) -> set[str]:
        """Orders of the shop that are not in the table."""
        return self.sold() - self.stored().keys()

    def sold(self) -> set[str]:
        keys = (self.catalogue.by_index(index) for index in range(self.catalogue._next))
        return {str(key.id) for key in keys if key is not None}

    @property
    def letters(self) -> list[str]:
        """The reason of each dead letter."""
        return [
            message.attributes["reason"]["StringValue"]
            for message in self.queues.engine.stored(self.queues.urls.dlq)
        ]

    def counted(self, name: str, **labels: str) -> float:
        """The sum of the samples of a metric with these labels."""
        return sum(
            sample.value
            for metric in self.container.registry().collect()
            for sample in metric.samples
            if sample.name == f"shopify_sync_{name}" and labels.items() <= sample.labels.items()
        )

    def pages_sent(self) -> Counter[str]:
        """How often each page of orders, or each slice of a file, was sent whole."""
        if self.source is SourceName.BULK:
            return Counter(
                str(sent.first) for sent in self.world.downloads.requests() if sent.shop == SHOP
            )
        return Counter(self.world.ledger.state()[SHOP]["pages"])

    def _before_call(self, operation: str, asked: Mapping[str, Any]) -> None:
        self.before_call(operation, asked)

    def _container(self) -> Container:
        urls = self.queues.urls
        name = self.source.value
        settings = load(
            queue_url=urls.source,
            dlq_url=urls.dlq,
            shopify_url=f"{self.server.url}/{{shop}}",
            page_size=PAGE_SIZE,
            source_initial=name,
            source_manual=name,
            source_daily=name,
            **self.settings,
        )
        container = Container(settings=settings, encode=encode)
        client = Mortal(StrictClient(self.dynamodb), self._before_call)
        ours: dict[Any, object] = {
            container.clock: ClockAhead(self.clock, self.ahead),
            container.chance: self.chance,
            container.stopping: self.pause,
            container.dynamodb: client,
            container.orders_client: client,
            container.sqs_clients: self.queues.clients,
        }
        for provider, ours_of_it in ours.items():
            provider.override(providers.Object(ours_of_it))
        return container
