"""Shopify in virtual time: a request takes a second, and outages can be arranged."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta

from domain.failures import Outage, Reason
from domain.orders import Order, OrderPage, PageRequest, Window
from domain.ports import OrderSource
from domain.shops import ConnectedShop
from tests.fakes.order_source import FakeOrderSource
from tests.virtual.time import VirtualTime

A_REQUEST = timedelta(seconds=1)


class VirtualShopify(OrderSource):
    """Every shop has orders of its own."""

    def __init__(self, time: VirtualTime) -> None:
        self._time = time
        self._sources: dict[str, FakeOrderSource] = defaultdict(FakeOrderSource)
        self.away: Callable[[str], bool] = lambda _shop: False
        """Whether requests for that shop fail, at the moment."""
        self.failed: Counter[str] = Counter()
        """Requests that failed, by shop."""
        self.at_once = 0
        self.most_failing_at_once = 0

    def open(self, shop: str, orders: tuple[Order, ...]) -> None:
        self._sources[shop].put(*orders)

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        self._take_time(shop.shop)
        return self._sources[shop.shop].fetch_page(shop, request)

    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:
        self._take_time(shop.shop)
        return self._sources[shop.shop].fetch_orders(shop, order_ids)

    def count(self, shop: ConnectedShop, window: Window) -> int | None:
        return self._sources[shop.shop].count(shop, window)

    def _take_time(self, shop: str) -> None:
        self.at_once += 1
        self._time.sleep(A_REQUEST)
        if self.away(shop):
            self.failed[shop] += 1
            self.most_failing_at_once = max(self.most_failing_at_once, self.at_once)
        self.at_once -= 1
        if self.away(shop):
            raise Outage(Reason.SHOPIFY_ERROR, "Shopify failed (HTTP 502)")
