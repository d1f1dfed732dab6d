"""A shop's orders through Shopify's GraphQL Admin API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from adapters import shopify_documents as documents
from adapters.pacer import PATIENCE
from adapters.shopify_answers import ignored_filter
from adapters.shopify_asking import Question
from adapters.shopify_client import ShopifyClient
from adapters.shopify_orders import (
    Reading,
    Unfinished,
    count_in,
    orders_in,
    page_in,
    rest_in,
)
from adapters.shopify_scopes import news_of
from domain.caveats import Caveat
from domain.failures import PageTooLarge, Permanent, Reason
from domain.orders import LARGEST_COST, Json, Order, OrderPage, PageRequest, Window
from domain.personal_data import CustomerData
from domain.ports import OrderSource
from domain.shops import ConnectedShop

REST_PATIENCE = timedelta(minutes=5)
"""For what a page still lacks: giving up would throw away, and pay again for, what was read."""
A_REST_AT_MOST = 150.0
"""Points of 250 more line items."""
A_COUNT = 10.0
"""Points at most, while nobody knows what a count costs."""
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
            shop,
            question,
            lambda answer: page_in(answer, request.cursor, first=request.count),
            PATIENCE,
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
            cost_limit=min(page.cost.at_most or LARGEST_COST, LARGEST_COST),
            ready_in=ready_in,
            counted=page.expected,
            scopes=news_of(shop, page.scopes),
            as_of=page.said_at,
            caveats=(*page.caveats, *beyond(page.orders, request.since)),
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

    def count(self, shop: ConnectedShop, window: Window) -> int | None:
        variables: dict[str, Json] = {"query": updated_within(window)}
        question = Question(documents.ORDERS_COUNT, variables, A_COUNT)
        return self.client.ask(shop, question, count_in, PATIENCE)

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


def beyond(orders: tuple[Order, ...], since: datetime | None) -> tuple[Caveat, ...]:
    """Whether there are orders from before the window among them, warned of or not."""
    start = None if since is None else since.replace(microsecond=0)
    late = start is None or all(order.updated_at >= start for order in orders)
    return () if late else (ignored_filter(),)


def updated_since(since: datetime | None) -> str | None:
    """The search for orders updated at or after the instant; Shopify's times are whole seconds."""
    return updated_within(Window(since))


def updated_within(window: Window) -> str | None:
    """The search for the orders of the window; None if it holds all orders.

    Times are quoted, because a colon means something else in a search
    (shopify.dev/docs/api/usage/search-syntax).
    """
    ends = ((">=", window.since), ("<", window.until))
    terms = [f"updated_at:{sign}'{_second(end)}'" for sign, end in ends if end is not None]
    return " AND ".join(terms) or None


def _second(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()}Z"
