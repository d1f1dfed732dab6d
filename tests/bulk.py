"""The bulk source over the simulated Shopify, with a clock that moves when somebody waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import requests

from adapters.retrying import Retrying
from adapters.shopify_bulk import ShopifyBulkOrders
from adapters.shopify_bulk_operations import BulkOperations
from adapters.shopify_client import ShopifyClient
from adapters.shopify_downloads import Downloads
from adapters.shopify_session import shopify_session
from domain.failures import Preparing
from domain.orders import Order, OrderPage, PageRequest, Window
from domain.personal_data import CustomerData
from domain.ports import OrderSource
from domain.shops import ConnectedShop
from sandbox.shopify.bulk_operations import BulkOperations as SimulatedOperations
from sandbox.shopify.catalogue import Catalogue
from sandbox.shopify.faults import Fault, Switch
from sandbox.shopify.server import ShopifyServer
from sandbox.shopify.shops import Plan, Shop, Shops
from sandbox.shopify.storefront import Storefront
from sandbox.shopify.world import World
from tests.fakes.clock import FakeClock
from tests.fakes.pause import FakePause
from tests.shopify import Bench, Evenly, a_connected_shop

DOMAIN = "bulk-shop.myshopify.com"


@dataclass(slots=True)
class BulkBench:
    """A shop, its bulk operations, and the source that reads through them."""

    server: ShopifyServer
    clock: FakeClock
    bench: Bench
    downloading: requests.Session = field(default_factory=lambda: shopify_session(2))

    @property
    def world(self) -> World:
        return self.server.world

    @property
    def shop(self) -> ConnectedShop:
        (sold,) = self.world.shops.all()
        return a_connected_shop(sold.domain, sold.token)

    @property
    def source(self) -> ShopifyBulkOrders:
        bench = self.bench
        attempts = Retrying(bench.retries, bench.pause, Evenly(), bench.observer)
        client = ShopifyClient(bench.transport, attempts, bench.observer, bench.pacer)
        downloads = Downloads(self.downloading, self.clock, bench.timeout, plain=True)
        return ShopifyBulkOrders(
            BulkOperations(client), downloads, bench.source, self.clock, bench.customer_data
        )

    @property
    def storefront(self) -> Storefront:
        if (api := self.world.api(self.shop.shop)) is None:
            raise LookupError(self.shop.shop)
        return api.storefront

    @property
    def catalogue(self) -> Catalogue:
        return self.storefront.catalogue

    @property
    def operations(self) -> SimulatedOperations:
        if (bulk := self.storefront.bulk) is None:
            raise LookupError(self.shop.shop)
        return bulk

    @property
    def submitted(self) -> int:
        """How many operations were submitted so far."""
        return len(self.operations.answer("bulkOperations", {}))

    def passes(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(seconds=seconds))

    def meets(self, fault: Fault, times: int = 1, skip: int = 0) -> None:
        self.world.faults.add(Switch(fault, times=times, skip=skip))


@contextmanager
def a_bulk_bench(
    orders: int = 45, customer_data: CustomerData = "minimal", most_lines: int = 4
) -> Iterator[BulkBench]:
    """Orders are small, for what is not about their size."""
    clock = FakeClock()
    shop = Shop(DOMAIN, orders=orders, seed=3, plan=Plan.PLUS, most_lines=most_lines)
    world = World(Shops([shop]), clock.monotonic, lambda: clock.now().timestamp())
    with ShopifyServer(world) as server:
        pause = FakePause(clock.advance)
        bench = Bench(f"{server.url}/{{shop}}", customer_data, pause=pause, clock=clock)
        made = BulkBench(server, clock, bench)
        yield made
        bench.session.close()
        made.downloading.close()


@dataclass(frozen=True, slots=True)
class Patient(OrderSource):
    """Waits until the page is prepared, as a chain of messages does."""

    source: OrderSource
    clock: FakeClock

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        began, cursor = self.clock.now(), request.cursor
        while True:
            try:
                return self.source.fetch_page(
                    shop,
                    PageRequest(
                        request.size, cursor, request.since, count=request.count, run_began=began
                    ),
                )
            except Preparing as preparing:
                cursor = preparing.cursor
                self.clock.advance(preparing.wait)

    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:
        return self.source.fetch_orders(shop, order_ids)

    def count(self, shop: ConnectedShop, window: Window) -> int | None:
        return self.source.count(shop, window)
