"""A shop's orders through Shopify's GraphQL Admin API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from adapters import shopify_documents as documents
from adapters.pacer import PATIENCE
from adapters.shopify_asking import Question
from adapters.shopify_client import ShopifyClient
from adapters.shopify_documents import CustomerData
from adapters.shopify_orders import Reading, Unfinished, orders_in, page_in, rest_in
from domain.failures import PageTooLarge, Permanent, Reason
from domain.orders import Json, Order, OrderPage, PageRequest
from domain.ports import OrderSource
from domain.shops import ConnectedShop

REST_PATIENCE = timedelta(minutes=5)
"""For what a page still lacks: giving up would throw away, and pay again for, what was read."""
A_REST_AT_MOST = 150.0
"""Points of 250 more line items."""
AT_ONCE = 13
"""Orders by id in one request, about 800 points: a batch of 25 takes two requests."""


@dataclass(frozen=True, slots=True)
class ShopifyGraphqlOrders(OrderSource):
    """Pages in the order of update time and id, each order with all of its line items.

    One request a page, plus one for every further 250 line items of an order with more than 50.
    """

    client: ShopifyClient
    customer_data: CustomerData

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        question = self._page(request)
        page = self.client.ask(
            shop, question, lambda answer: page_in(answer, request.cursor), PATIENCE
        )
        self._complete(shop, page, REST_PATIENCE)
        ready_in = timedelta(0)
        if request.soon and page.next_cursor is not None:
            following = self._page(replace(request, cursor=page.next_cursor, count=False))
            ready_in = self.client.ready_in(shop, following)
        return OrderPage(
            orders=page.orders,
            next_cursor=page.next_cursor,
            expected=page.expected,
            cost=page.cost.requested,
            ready_in=ready_in,
        )

    def _page(self, request: PageRequest) -> Question:
        variables: dict[str, Json] = {
            "first": request.size,
            "after": request.cursor,
            "query": updated_since(request.since),
            "count": request.count,
        }
        return Question(documents.orders_page(self.customer_data), variables)

    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:
        if not all(each.isascii() and each.isdecimal() for each in order_ids):
            raise Permanent(Reason.SHOPIFY_ERROR, "an order's id is a number")
        ids = tuple(dict.fromkeys(order_ids))
        return self._each(shop, (ids[n : n + AT_ONCE] for n in range(0, len(ids), AT_ONCE)))

    def _each(self, shop: ConnectedShop, chunks: Iterable[tuple[str, ...]]) -> tuple[Order, ...]:
        return tuple(order for chunk in chunks for order in self._by_id(shop, chunk))

    def _by_id(self, shop: ConnectedShop, ids: tuple[str, ...]) -> tuple[Order, ...]:
        variables: dict[str, Json] = {
            f"id{n}": f"gid://shopify/Order/{each}" for n, each in enumerate(ids)
        }
        question = Question(documents.orders_by_id(self.customer_data, len(ids)), variables)
        try:
            reading = self.client.ask(
                shop, question, lambda answer: orders_in(answer, len(ids)), PATIENCE
            )
        except PageTooLarge:
            if len(ids) == 1:
                raise
            half = len(ids) // 2
            return self._each(shop, (ids[:half], ids[half:]))
        self._complete(shop, reading, PATIENCE)
        return reading.orders

    def _complete(self, shop: ConnectedShop, reading: Reading, patience: timedelta) -> None:
        for unfinished in reading.unfinished:
            self._read_rest(shop, unfinished, patience)

    def _read_rest(self, shop: ConnectedShop, unfinished: Unfinished, patience: timedelta) -> None:
        document = documents.rest_of(unfinished.connection)
        cursor = unfinished.cursor
        seen: set[str] = set()
        while True:
            seen.add(cursor)
            variables: dict[str, Json] = {"id": unfinished.order_gid, "after": cursor}
            question = Question(document, variables, A_REST_AT_MOST)
            rest = self.client.ask(
                shop, question, lambda answer: rest_in(answer, unfinished, seen), patience
            )
            unfinished.nodes.extend(rest.nodes)
            if rest.next_cursor is None:
                return
            cursor = rest.next_cursor


def updated_since(since: datetime | None) -> str | None:
    """The search for orders updated at or after the instant; Shopify's times are whole seconds.

    Times are quoted, because a colon means something else in a search
    (shopify.dev/docs/api/usage/search-syntax).
    """
    if since is None:
        return None
    start = since.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    return f"updated_at:>='{start.isoformat()}Z'"
