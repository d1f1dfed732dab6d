"""A shop's orders through Shopify's REST Admin API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.pacer import PATIENCE
from adapters.shopify_documents import CustomerData
from adapters.shopify_rest_answers import PageRefused
from adapters.shopify_rest_client import RestQuestion, ShopifyRestClient
from adapters.shopify_rest_fields import asked_fields
from adapters.shopify_rest_orders import Reading, count_in, orders_among, page_in
from adapters.shopify_rest_places import Place, cursor_of, place_at, timestamp
from domain.failures import Permanent, Reason, Transient
from domain.occurrences import Reported
from domain.orders import Order, OrderPage, PageRequest
from domain.ports import OrderSource
from domain.shops import ConnectedShop

TIE_PATIENCE = timedelta(minutes=5)
"""In the middle of orders of one second: giving up would throw away what was read."""
LARGEST_TIE = 5_000
"""Orders of one second that are handed over as one page: some ten MB."""
MOST_IDS = 250
"""Orders that one request by ids answers."""


@dataclass(frozen=True, slots=True)
class ShopifyRestOrders(OrderSource):
    """Pages in the order of update time, one request each, along the links that Shopify gives.

    When Shopify no longer takes a link, the page begins again at the update time of the last order
    that was read and leads past all orders of that second: some orders are handed over twice, and
    none is left out.
    """

    client: ShopifyRestClient
    customer_data: CustomerData

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        expected = self._count(shop, request.since) if request.count else None
        reading = self._at(shop, place_at(request.cursor, request.since), request.size)
        if reading.next is None:
            return OrderPage(reading.orders, None, expected)
        ready_in = timedelta(0)
        if request.soon:
            ready_in = self.client.ready_in(shop, self._question(reading.next, request.size))
        return OrderPage(reading.orders, cursor_of(reading.next), expected, ready_in=ready_in)

    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:
        if not all(each.isascii() and each.isdecimal() for each in order_ids):
            raise Permanent(Reason.SHOPIFY_ERROR, "an order's id is a number")
        ids = tuple(dict.fromkeys(order_ids))
        chunks = (ids[n : n + MOST_IDS] for n in range(0, len(ids), MOST_IDS))
        return tuple(order for chunk in chunks for order in self._by_id(shop, chunk))

    def _by_id(self, shop: ConnectedShop, ids: tuple[str, ...]) -> tuple[Order, ...]:
        question = RestQuestion(
            "orders",
            {"ids": ",".join(ids), "status": "any", "limit": str(MOST_IDS), **self._fields},
        )
        wanted = frozenset(ids)
        return self.client.ask(
            shop,
            question,
            lambda answer: orders_among(answer, wanted, self.customer_data),
            PATIENCE,
        )

    def _at(self, shop: ConnectedShop, place: Place, size: int) -> Reading:
        try:
            return self._read(shop, place, size, PATIENCE)
        except PageRefused as refusal:
            if place.page_info is None or place.since is None:
                raise
            self.client.observer.notice(
                Reported(
                    "page-link",
                    f"{refusal.message}: it goes on from the update time of the last order read",
                )
            )
            return self._past(shop, place.since, size)

    def _past(self, shop: ConnectedShop, second: datetime, size: int) -> Reading:
        """From the orders of that second on, at least to the first later one.

        Ending among them could come back to the same orders for ever.
        """
        reading = self._read(shop, Place(None, second), size, PATIENCE)
        orders = list(reading.orders)
        while reading.next is not None and reading.next.is_within(second):
            if len(orders) >= LARGEST_TIE:
                raise Permanent(
                    Reason.SHOPIFY_ERROR,
                    f"more than {LARGEST_TIE} orders were updated in one second, and Shopify no "
                    "longer takes its own links between their pages: use another source, or a "
                    "shorter page delay",
                )
            reading = self._read(shop, reading.next, size, TIE_PATIENCE)
            orders += reading.orders
        return Reading(tuple(orders), reading.next)

    def _read(self, shop: ConnectedShop, place: Place, size: int, patience: timedelta) -> Reading:
        question = self._question(place, size)
        return self.client.ask(
            shop, question, lambda answer: page_in(answer, place, self.customer_data), patience
        )

    def _question(self, place: Place, size: int) -> RestQuestion:
        return RestQuestion("orders", {"limit": str(size), **self._fields, **_where(place)})

    def _count(self, shop: ConnectedShop, since: datetime | None) -> int | None:
        """None if Shopify fails to count, which keeps no page from being read."""
        question = RestQuestion("orders/count", {"status": "any", **_window(since)})
        try:
            return self.client.ask(shop, question, count_in, PATIENCE)
        except Transient:
            return None

    @property
    def _fields(self) -> dict[str, str]:
        return {"fields": asked_fields(self.customer_data)}


def _where(place: Place) -> dict[str, str]:
    """Beside a `page_info` Shopify refuses any filter: the link has them in it."""
    if place.page_info is not None:
        return {"page_info": place.page_info}
    return {"status": "any", "order": "updated_at asc", **_window(place.since)}


def _window(since: datetime | None) -> dict[str, str]:
    return {} if since is None else {"updated_at_min": timestamp(since)}
