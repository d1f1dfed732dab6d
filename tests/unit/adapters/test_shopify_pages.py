"""Pages of orders out of Shopify's answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from domain.failures import (
    Reason,
    Transient,
)
from domain.occurrences import Retried
from domain.orders import PageRequest
from tests.canned_shopify import FIRST_PAGE, CannedShopify, canned_shopify, fetch
from tests.shopify import (
    Bench,
    a_node,
    a_page_of,
    an_error,
    connection,
    cost,
)


@pytest.fixture
def shopify() -> Iterator[CannedShopify]:
    with canned_shopify() as shopify:
        yield shopify


@pytest.fixture
def bench() -> Bench:
    return Bench()


class TestAPage:
    def test_has_the_orders_as_shopify_gives_them(
        self, shopify: CannedShopify, bench: Bench
    ) -> None:
        money = {"shopMoney": {"amount": "10.0", "currencyCode": "USD"}}
        shopify.answers(a_page_of(a_node(820982911946154508, totalPriceSet=money, note="🎁 für")))
        (order,) = fetch(bench).orders
        assert order.order_id == "820982911946154508"
        assert order.fields["id"] == "gid://shopify/Order/820982911946154508"
        assert order.fields["totalPriceSet"] == money
        assert order.fields["note"] == "🎁 für"

    def test_has_connections_as_lists(self, shopify: CannedShopify, bench: Bench) -> None:
        node = a_node(
            lineItems=connection({"id": 1}, {"id": 2}), shippingLines=connection({"id": 3})
        )
        shopify.answers(a_page_of(node))
        (order,) = fetch(bench).orders
        assert order.fields["lineItems"] == [{"id": 1}, {"id": 2}]
        assert order.fields["shippingLines"] == [{"id": 3}]

    def test_keeps_every_digit(self, shopify: CannedShopify, bench: Bench) -> None:
        line = '{"taxLines": [{"rate": 0.0725000000000000001}], "quantity": 12345678901234567890}'
        text = json.dumps(a_page_of(a_node(lineItems=connection("LINE")))).replace('"LINE"', line)
        shopify.answers(text)
        (order,) = fetch(bench).orders
        assert order.fields["lineItems"] == [
            {
                "taxLines": [{"rate": Decimal("0.0725000000000000001")}],
                "quantity": 12345678901234567890,
            }
        ]

    @pytest.mark.parametrize(
        "text", ["2026-11-01T10:00:00Z", "2026-11-01T21:00:00+11:00", "2026-11-01T10:00:00.000Z"]
    )
    def test_has_update_times_in_utc(self, shopify: CannedShopify, bench: Bench, text: str) -> None:
        shopify.answers(a_page_of(a_node(updatedAt=text)))
        (order,) = fetch(bench).orders
        assert order.updated_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
        assert order.updated_at.tzinfo is UTC
        assert order.fields["updatedAt"] == text

    def test_leads_on_to_the_next(self, shopify: CannedShopify, bench: Bench) -> None:
        shopify.answers(a_page_of(a_node(), more_after="cursor-2"), a_page_of(a_node(2)))
        first = fetch(bench)
        second = fetch(bench, PageRequest(10, first.next_cursor, None, count=False))
        assert (first.next_cursor, second.next_cursor) == ("cursor-2", None)
        assert [asked["after"] for asked in shopify.asked] == [None, "cursor-2"]

    def test_says_how_many_orders_the_window_holds(
        self, shopify: CannedShopify, bench: Bench
    ) -> None:
        counted = {"count": 20_001, "precision": "EXACT"}
        bounded = {"count": 10_000, "precision": "AT_LEAST"}
        shopify.answers(a_page_of(ordersCount=counted), a_page_of(), a_page_of(ordersCount=None))
        shopify.answers(a_page_of(ordersCount=bounded))
        request = PageRequest(250, None, None, count=True)
        pages = [fetch(bench, request) for _ in range(4)]
        assert [page.expected for page in pages] == [20_001, None, None, None]
        assert [page.counted for page in pages] == [20_001, None, None, None]

    def test_says_what_it_cost(self, shopify: CannedShopify, bench: Bench) -> None:
        shopify.answers({**a_page_of(a_node()), "extensions": cost(630, 130, 100)})
        assert fetch(bench).cost == 630

    def test_asks_for_what_was_requested(self, shopify: CannedShopify, bench: Bench) -> None:
        since = datetime(2026, 11, 1, 2, 30, 15, 999_999, tzinfo=timezone(timedelta(hours=2)))
        shopify.answers(a_page_of())
        fetch(bench, PageRequest(17, None, since, count=True))
        assert shopify.asked == [
            {
                "first": 17,
                "after": None,
                "query": "updated_at:>='2026-11-01T00:30:15Z'",
                "count": True,
            }
        ]

    def test_without_a_window_is_of_all_orders(self, shopify: CannedShopify, bench: Bench) -> None:
        shopify.answers(a_page_of())
        fetch(bench)
        assert shopify.asked[0]["query"] is None


UNREADABLE = [
    {"data": {}},
    {"data": {"orders": None}},
    {"data": {"orders": []}},
    {"data": {"orders": {"nodes": []}}},
    {"data": {"orders": {"nodes": None, "pageInfo": {"hasNextPage": False}}}},
    {"data": {"orders": {"nodes": [], "pageInfo": {"hasNextPage": "no"}}}},
    a_page_of(None),
    a_page_of("an order"),
    a_page_of(a_node(updatedAt=None)),
    a_page_of(a_node(updatedAt="yesterday")),
    a_page_of(a_node(updatedAt="2026-11-01T10:00:00")),
    a_page_of(a_node(legacyResourceId=None)),
    a_page_of(a_node(legacyResourceId="٣")),
    a_page_of(a_node(id=None)),
    a_page_of(a_node(lineItems=None)),
    a_page_of(a_node(lineItems={"nodes": [{}]})),
    a_page_of(a_node(), more_after=""),
    a_page_of(more_after="cursor-2"),
    {"data": {"orders": {"nodes": [{}], "pageInfo": {"hasNextPage": True, "endCursor": None}}}},
]


class TestAPageThatCannotBeRead:
    @pytest.mark.parametrize("body", UNREADABLE, ids=range(len(UNREADABLE)))
    def test_is_transient_and_never_empty(self, shopify: CannedShopify, body: Any) -> None:
        shopify.answers(body)
        with pytest.raises(Transient, match="cannot be read") as raised:
            fetch(Bench(retries=0))
        assert raised.value.reason is Reason.SHOPIFY_ERROR

    def test_is_asked_for_again(self, shopify: CannedShopify, bench: Bench) -> None:
        shopify.answers({"data": {}}, "", a_page_of(a_node()))
        assert len(fetch(bench).orders) == 1
        assert bench.observer.of(Retried) == [Retried("shopify", "shopify-error")] * 2

    def test_may_not_lead_back_to_itself(self, shopify: CannedShopify, bench: Bench) -> None:
        shopify.answers(a_page_of(a_node(), more_after="cursor-1"))
        with pytest.raises(Transient, match="not where"):
            fetch(bench, PageRequest(250, "cursor-1", None, count=False))


class TestLineItemsBeyondTheFirst:
    def test_are_read_to_the_last(self, shopify: CannedShopify, bench: Bench) -> None:
        lines = [{"id": n} for n in range(601)]
        node = a_node(lineItems=connection(*lines[:50], more_after="50"))
        shopify.answers(
            a_page_of(node, a_node(2)),
            {"data": {"order": {"lineItems": connection(*lines[50:300], more_after="300")}}},
            {"data": {"order": {"lineItems": connection(*lines[300:550], more_after="550")}}},
            {"data": {"order": {"lineItems": connection(*lines[550:])}}},
        )
        order, other = fetch(bench).orders
        assert order.fields["lineItems"] == lines
        assert other.fields["lineItems"] == [{"id": "gid://shopify/LineItem/1"}]
        gid = "gid://shopify/Order/1"
        assert shopify.asked[1:] == [{"id": gid, "after": after} for after in ("50", "300", "550")]

    def test_and_shipping_lines_are_no_different(
        self, shopify: CannedShopify, bench: Bench
    ) -> None:
        shopify.answers(
            a_page_of(a_node(shippingLines=connection({"id": 1}, more_after="1"))),
            {"data": {"order": {"shippingLines": connection({"id": 2})}}},
        )
        assert fetch(bench).orders[0].fields["shippingLines"] == [{"id": 1}, {"id": 2}]

    @pytest.mark.parametrize(
        "rest",
        [
            {"data": {"order": None}},
            {"data": {"order": {}}},
            {"data": {"order": {"lineItems": connection({"id": 2}, more_after="1")}}},
            {"data": {"order": {"lineItems": connection(more_after="2")}}},
        ],
        ids=["order gone", "no lines", "same place again", "more of nothing"],
    )
    def test_that_cannot_be_had_fail_the_page(self, shopify: CannedShopify, rest: Any) -> None:
        shopify.answers(a_page_of(a_node(lineItems=connection({"id": 1}, more_after="1"))), rest)
        with pytest.raises(Transient, match="cannot be read"):
            fetch(Bench(retries=0))

    def test_that_go_round_in_circles_fail_the_page(self, shopify: CannedShopify) -> None:
        def rest(after: str) -> Any:
            return {"data": {"order": {"lineItems": connection({"id": 2}, more_after=after)}}}

        shopify.answers(
            a_page_of(a_node(lineItems=connection({"id": 1}, more_after="1"))), rest("2"), rest("1")
        )
        with pytest.raises(Transient, match="not where"):
            fetch(Bench(retries=0))

    def test_are_waited_for_longer_than_a_page(self, shopify: CannedShopify, bench: Bench) -> None:
        limit = {"errors": [an_error("THROTTLED")], "extensions": cost(69, 9, 1)}
        shopify.answers(
            a_page_of(a_node(lineItems=connection({"id": 1}, more_after="1"))),
            *[limit] * 2,
            {"data": {"order": {"lineItems": connection({"id": 2})}}, "extensions": cost(69, 0, 1)},
        )
        page = fetch(bench)
        assert page.orders[0].fields["lineItems"] == [{"id": 1}, {"id": 2}]
        # What Shopify says; then as much again, because somebody else had taken all of it.
        assert bench.pause.seconds == [60, 60, 60]

    def test_count_for_when_the_next_page_has_room(
        self, shopify: CannedShopify, bench: Bench
    ) -> None:
        unfinished = a_node(lineItems=connection({"id": 1}, more_after="1"))
        shopify.answers(
            {
                **a_page_of(unfinished, more_after="c"),
                "extensions": cost(600, 800, 100, 600),
            },
            {
                "data": {"order": {"lineItems": connection({"id": 2})}},
                "extensions": cost(69, 200, 100, 600),
            },
        )
        page = fetch(bench, replace(FIRST_PAGE, soon=True))
        assert (page.cost, page.ready_in) == (600, timedelta(seconds=4))
