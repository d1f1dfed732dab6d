"""A shop's orders through Shopify's REST Admin API."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from adapters.pacer import PATIENCE
from adapters.shopify_rest_answers import PageRefused
from adapters.shopify_rest_client import RestQuestion, ShopifyRestClient
from adapters.shopify_rest_fields import asked_fields
from adapters.shopify_rest_orders import Reader, Reading, count_in, orders_among
from adapters.shopify_rest_places import Place, cursor_of, place_at, timestamp
from adapters.shopify_rest_scopes import RESOURCE, KnownScopes, scopes_among
from adapters.shopify_scopes import READS_ORDERS, caveats_of, news_of
from domain.caveats import CaveatKind
from domain.failures import Failure, Permanent, RateLimited, Reason, Transient
from domain.occurrences import Reported
from domain.orders import Order, OrderPage, PageRequest, Window
from domain.personal_data import CustomerData
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
    known: KnownScopes = field(default_factory=KnownScopes)

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        reading = self._at(shop, place_at(request.cursor, request.since), request)
        page = OrderPage(
            reading.orders,
            None if reading.next is None else cursor_of(reading.next),
            caveats=reading.caveats,
            as_of=reading.said_at,
        )
        if request.count:
            page = self._counted(shop, page, request)
        if reading.next is None or not request.soon:
            return page
        following = self._question(reading.next, request.size)
        return replace(page, ready_in=self.client.ready_in(shop, following))

    def _counted(self, shop: ConnectedShop, page: OrderPage, request: PageRequest) -> OrderPage:
        """With what is to be known beside a run's first page.

        An empty page says by itself that there is nothing: a daily sync without news is one call.
        """
        nothing = not page.orders and page.next_cursor is None
        asked = not nothing or request.since is None
        scopes = self._scopes(shop) if asked else self._kept_scopes(shop)
        lacking = () if scopes is None and not asked else caveats_of(scopes)
        page = replace(page, scopes=news_of(shop, scopes))
        caveats = (*page.caveats, *lacking)
        if page.next_cursor is not None:
            return replace(page, expected=self._expected(shop, request.since), caveats=caveats)
        counted = 0 if nothing else None
        return replace(page, expected=len(page.orders), counted=counted, caveats=caveats)

    def _kept_scopes(self, shop: ConnectedShop) -> frozenset[str] | None:
        """As they were told before; None if never, or if they would forbid what was just read."""
        known = self.known.of(shop, self.client.transport.clock.monotonic())
        if known is not None:
            return known
        kept = frozenset(shop.tokens.scopes)
        return None if kept.isdisjoint(READS_ORDERS) else kept

    def _scopes(self, shop: ConnectedShop) -> frozenset[str] | None:
        """Asked for, unless that was done not long ago; None if Shopify does not say."""
        now = self.client.transport.clock.monotonic()
        scopes = self.known.of(shop, now)
        if scopes is not None:
            return scopes
        try:
            question = RestQuestion(RESOURCE, {})
            scopes = self.client.ask(shop, question, scopes_among, PATIENCE)
        except (Failure, RateLimited):
            return None
        self.known.keep(shop, scopes, now)
        return scopes

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

    def _at(self, shop: ConnectedShop, place: Place, request: PageRequest) -> Reading:
        try:
            return self._read(shop, place, request, PATIENCE)
        except PageRefused as refusal:
            if place.page_info is None or place.since is None:
                raise
            self.client.observer.notice(
                Reported(
                    "page-link",
                    f"{refusal.message}: it goes on from the update time of the last order read",
                )
            )
            return self._past(shop, place.since, request)

    def _past(self, shop: ConnectedShop, second: datetime, request: PageRequest) -> Reading:
        """From the orders of that second on, at least to the first later one.

        Ending among them could come back to the same orders for ever.
        """
        reading = self._read(shop, Place(None, second), request, PATIENCE)
        if any(each.kind is CaveatKind.IGNORED_FILTER for each in reading.caveats):
            raise Permanent(
                Reason.SHOPIFY_ERROR,
                "Shopify ignores the filter by update time, and no longer takes its own links: "
                "the sync would begin again and again",
            )
        orders = list(reading.orders)
        while reading.next is not None and reading.next.is_within(second):
            if len(orders) >= LARGEST_TIE:
                raise Permanent(
                    Reason.SHOPIFY_ERROR,
                    f"more than {LARGEST_TIE} orders were updated in one second, and Shopify no "
                    "longer takes its own links between their pages: use another source, or a "
                    "shorter page delay",
                )
            reading = self._read(shop, reading.next, request, TIE_PATIENCE)
            orders += reading.orders
        return replace(reading, orders=tuple(orders))

    def _read(
        self, shop: ConnectedShop, place: Place, request: PageRequest, patience: timedelta
    ) -> Reading:
        question = self._question(place, request.size)
        reader = Reader(self.customer_data, request.run_began)
        return self.client.ask(
            shop, question, lambda answer: reader.page_in(answer, place), patience
        )

    def _question(self, place: Place, size: int) -> RestQuestion:
        return RestQuestion("orders", {"limit": str(size), **self._fields, **_where(place)})

    def count(self, shop: ConnectedShop, window: Window) -> int | None:
        question = RestQuestion("orders/count", {"status": "any", **_window(window)})
        return self.client.ask(shop, question, count_in, PATIENCE)

    def _expected(self, shop: ConnectedShop, since: datetime | None) -> int | None:
        """None if Shopify fails to count, which keeps no page from being read."""
        try:
            return self.count(shop, Window(since))
        except (Transient, RateLimited):
            return None

    @property
    def _fields(self) -> dict[str, str]:
        return {"fields": asked_fields(self.customer_data)}


def _where(place: Place) -> dict[str, str]:
    """Beside a `page_info` Shopify refuses any filter: the link has them in it."""
    if place.page_info is not None:
        return {"page_info": place.page_info}
    return {"status": "any", "order": "updated_at asc", **_window(Window(place.since))}


def _window(window: Window) -> dict[str, str]:
    """Both ends are inclusive for Shopify, and times are of whole seconds."""
    until = None if window.until is None else window.until - timedelta(seconds=1)
    ends = (("updated_at_min", window.since), ("updated_at_max", until))
    return {name: timestamp(end) for name, end in ends if end is not None}
