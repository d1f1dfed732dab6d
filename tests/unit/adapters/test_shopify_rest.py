"""Pages of orders by REST: what is asked for, and what of the answers is relied on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters import shopify_rest
from domain.checkpoints import SourceName
from domain.failures import Permanent, RateLimited, Reason, Transient
from domain.occurrences import Reported, WaitedForRateLimit
from tests.canned_rest import (
    COUNT,
    ORDERS,
    CannedRest,
    a_rest_order,
    canned_rest,
    orders,
    rest_page,
    to_next,
)
from tests.shopify import SHOP, VERSION, Bench, a_connected_shop

PROXY = "http://proxy.example:8080/shops/{shop}"
STALE = {"errors": {"page_info": "Invalid value."}}
BEGUN = {"status": "any", "order": "updated_at asc", "limit": "250"}


@pytest.fixture
def shopify() -> Iterator[CannedRest]:
    with canned_rest() as shopify:
        yield shopify


@pytest.fixture
def bench() -> Bench:
    return Bench()


def at(minute: int) -> str:
    return f"2026-11-01T10:{minute:02d}:00Z"


def ids(page: Any) -> list[str]:
    return [order.order_id for order in page.orders]


class TestAPage:
    def test_is_of_all_orders_by_update_time(self, shopify: CannedRest, bench: Bench) -> None:
        shopify.answers(orders(a_rest_order()))
        page = rest_page(bench)
        assert shopify.asked == [BEGUN]
        assert page.orders[0].updated_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
        assert page.orders[0].updated_at.tzinfo is UTC
        assert page.next_cursor is None

    def test_includes_the_first_second_of_its_window(
        self, shopify: CannedRest, bench: Bench
    ) -> None:
        shopify.answers(orders(a_rest_order()))
        rest_page(bench, since=datetime(2026, 11, 1, 10, 0, 0, 700_000, tzinfo=UTC))
        assert shopify.asked == [{**BEGUN, "updated_at_min": "2026-11-01T10:00:00Z"}]

    @pytest.mark.parametrize("rels", ["previous first", "next first"])
    def test_leads_on_by_its_link_alone(self, shopify: CannedRest, bench: Bench, rels: str) -> None:
        links = [to_next("back").replace("next", "previous"), to_next("on")]
        if rels == "next first":
            links.reverse()
        shopify.answers(orders(a_rest_order()), Link=", ".join(links))
        shopify.answers(orders(a_rest_order(2)))
        first = rest_page(bench)
        rest_page(bench, first.next_cursor, size=100)
        assert shopify.asked[1] == {"page_info": "on", "limit": "100"}

    def test_asks_for_no_field_that_it_does_not_use(
        self, shopify: CannedRest, bench: Bench
    ) -> None:
        shopify.answers(orders(a_rest_order()))
        rest_page(bench)
        url = str(shopify.mock.calls[0].request.url)
        assert "fields=id%2C" in url
        assert "email" not in url
        assert "address" not in url

    def test_is_ready_again_when_the_bucket_has_room(
        self, shopify: CannedRest, bench: Bench
    ) -> None:
        for limit in ("39/40", "40/40", "many"):
            shopify.answers(orders(a_rest_order()), X_Shopify_Shop_Api_Call_Limit=limit)
        waits = [rest_page(bench).ready_in for _ in range(3)]
        assert waits == [timedelta(0), timedelta(seconds=0.5), timedelta(0)]

    @pytest.mark.parametrize(
        "body",
        [
            *("", "{", "[]", "{}", {"orders": None}, {"errors": "x"}, orders(None), orders({})),
            {**orders(a_rest_order()), "errors": "some of it is missing"},
        ],
    )
    def test_is_never_empty_because_it_cannot_be_read(self, shopify: CannedRest, body: Any) -> None:
        shopify.answers(body)
        with pytest.raises(Transient, match="cannot be read"):
            rest_page(Bench(retries=0))

    @pytest.mark.parametrize(
        "node",
        [
            a_rest_order(updated_at=None),
            a_rest_order(updated_at="2026-11-01T10:00:00"),
            a_rest_order(line_items=None),
            {**a_rest_order(), "id": None},
        ],
    )
    def test_has_no_order_without_id_time_or_lines(
        self, shopify: CannedRest, node: dict[str, Any]
    ) -> None:
        shopify.answers(orders(node))
        with pytest.raises(Transient, match="cannot be read"):
            rest_page(Bench(retries=0))

    def test_is_in_the_order_of_update_times(self, shopify: CannedRest) -> None:
        shopify.answers(
            orders(a_rest_order(1, updated_at=at(2)), a_rest_order(2, updated_at=at(1)))
        )
        with pytest.raises(Transient, match="order of their update times"):
            rest_page(Bench(retries=0))

    def test_has_no_order_from_before_its_window(self, shopify: CannedRest) -> None:
        shopify.answers(orders(a_rest_order(updated_at=at(1))))
        with pytest.raises(Permanent, match="ignored the filter"):
            rest_page(Bench(), since=datetime(2026, 11, 1, 10, 2, tzinfo=UTC))

    def test_does_not_begin_before_the_one_that_led_to_it(self, shopify: CannedRest) -> None:
        shopify.answers(orders(a_rest_order(1, updated_at=at(2))), Link=to_next("on"))
        shopify.answers(orders(a_rest_order(2, updated_at=at(1))))
        first = rest_page(Bench(retries=0))
        with pytest.raises(Transient, match="before those of the page"):
            rest_page(Bench(retries=0), first.next_cursor)

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "https://evil.example/x",
            "http://demo-shop.myshopify.com/x",
            "https://demo-shop.myshopify.com@evil.example/x",
            "https://user@demo-shop.myshopify.com/x",
            "https://demo-shop.myshopify.com:8443/x",
            "https://demo-shop.myshopify.com.evil.example/x",
            "https://other-shop.myshopify.com/x",
            "//demo-shop.myshopify.com/x",
            "/x",
        ],
    )
    @pytest.mark.parametrize("url", ["https://{shop}", PROXY])
    def test_is_not_left_for_another_host(
        self, shopify: CannedRest, url: str, elsewhere: str
    ) -> None:
        asked = f"{url.replace('{shop}', SHOP)}/admin/api/{VERSION}/orders.json"
        shopify.answers(orders(a_rest_order()), url=asked, Link=to_next("on", elsewhere))
        with pytest.raises(Permanent, match="another host"):
            rest_page(Bench(url))

    @pytest.mark.parametrize(
        "there", [ORDERS, f"https://{SHOP.upper()}/x", "http://proxy.example:8080/anything"]
    )
    def test_is_asked_for_where_the_first_one_was_whatever_the_link_calls_the_shop(
        self, shopify: CannedRest, there: str
    ) -> None:
        asked = f"{PROXY.replace('{shop}', SHOP)}/admin/api/{VERSION}/orders.json"
        shopify.answers(orders(a_rest_order()), url=asked, Link=to_next("on&since_id=1", there))
        shopify.answers(orders(a_rest_order(2)), url=asked)
        bench = Bench(PROXY)
        assert ids(rest_page(bench, rest_page(bench).next_cursor)) == ["2"]
        assert shopify.asked[1] == {"page_info": "on", "limit": "250"}
        assert {str(c.request.url).partition("?")[0] for c in shopify.mock.calls} == {asked}

    @pytest.mark.parametrize(
        "link", ['<https://[x>; rel="next"', '</orders.json?limit=1>; rel="next"']
    )
    def test_needs_a_link_that_can_be_read(self, shopify: CannedRest, link: str) -> None:
        shopify.answers(orders(a_rest_order()), Link=link)
        with pytest.raises((Transient, Permanent)):
            rest_page(Bench(retries=0))

    def test_may_not_lead_back_to_itself(self, shopify: CannedRest) -> None:
        shopify.answers(orders(a_rest_order()), Link=to_next("on"))
        first = rest_page(Bench(retries=0))
        with pytest.raises(Transient, match="not where"):
            rest_page(Bench(retries=0), first.next_cursor)

    def test_without_orders_leads_nowhere(self, shopify: CannedRest) -> None:
        shopify.answers(orders(), Link=to_next("on"))
        with pytest.raises(Transient, match="not where"):
            rest_page(Bench(retries=0))

    def test_waits_what_shopify_says(self, shopify: CannedRest, bench: Bench) -> None:
        shopify.refuses(429, {"errors": "Exceeded 2 calls per second"}, Retry_After="2.0")
        shopify.refuses(429, {"errors": "Exceeded 2 calls per second"})
        shopify.answers(orders(a_rest_order()))
        assert len(rest_page(bench).orders) == 1
        assert bench.pause.seconds == [2.0, 2.0]
        (waited, _) = bench.observer.of(WaitedForRateLimit)
        assert waited.source is SourceName.REST

    def test_passes_on_a_long_wait(self, shopify: CannedRest, bench: Bench) -> None:
        shopify.refuses(429, Retry_After="60.0")
        with pytest.raises(RateLimited):
            rest_page(bench)

    def test_reports_another_version_once(self, shopify: CannedRest, bench: Bench) -> None:
        source = bench.rest_source
        shopify.answers(orders(a_rest_order()), X_Shopify_API_Version="2027-01")
        shop = a_connected_shop()
        for _ in range(2):
            source.fetch_orders(shop, ("1",))
        assert [each.subject for each in bench.observer.of(Reported)] == ["api-version"]


class TestACount:
    def test_is_of_the_window_and_any_status(self, shopify: CannedRest, bench: Bench) -> None:
        shopify.answers({"count": 20_001}, url=COUNT)
        shopify.answers(orders(a_rest_order()))
        since = datetime(2026, 11, 1, tzinfo=UTC)
        assert rest_page(bench, since=since, count=True).expected == 20_001
        assert shopify.asked[0] == {"status": "any", "updated_at_min": "2026-11-01T00:00:00Z"}

    @pytest.mark.parametrize("body", ["", {}, {"count": "many"}, {"count": True}, {"count": -1}])
    def test_that_cannot_be_had_keeps_no_page(self, shopify: CannedRest, body: Any) -> None:
        shopify.answers(body, url=COUNT)
        shopify.answers(orders(a_rest_order()))
        page = rest_page(Bench(retries=0), count=True)
        assert (len(page.orders), page.expected) == (1, None)


class TestALinkThatShopifyNoLongerTakes:
    def first(self, shopify: CannedRest, bench: Bench) -> str | None:
        shopify.answers(
            orders(a_rest_order(1, updated_at=at(1)), a_rest_order(2, updated_at=at(2))),
            Link=to_next("old"),
        )
        return rest_page(bench).next_cursor

    def test_is_replaced_by_the_time_of_the_last_order(
        self, shopify: CannedRest, bench: Bench
    ) -> None:
        cursor = self.first(shopify, bench)
        shopify.refuses(400, STALE)
        shopify.answers(
            orders(a_rest_order(2, updated_at=at(2)), a_rest_order(3, updated_at=at(3)))
        )
        assert ids(rest_page(bench, cursor)) == ["2", "3"]
        assert shopify.asked[1] == {"page_info": "old", "limit": "250"}
        assert shopify.asked[2] == {**BEGUN, "updated_at_min": at(2)}
        assert [each.subject for each in bench.observer.of(Reported)] == ["page-link"]

    def test_never_ends_among_orders_of_one_second(self, shopify: CannedRest, bench: Bench) -> None:
        cursor = self.first(shopify, bench)
        shopify.refuses(400, STALE)
        for number in (2, 3, 4):
            shopify.answers(
                orders(a_rest_order(number, updated_at=at(2))), Link=to_next(f"new-{number}")
            )
        shopify.answers(orders(a_rest_order(5, updated_at=at(5))), Link=to_next("new-5"))
        page = rest_page(bench, cursor, size=1)
        assert ids(page) == ["2", "3", "4", "5"]
        assert page.next_cursor is not None
        assert at(5) in page.next_cursor

    def test_fails_rather_than_going_round(
        self, shopify: CannedRest, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shopify_rest, "LARGEST_TIE", 2)
        cursor = self.first(shopify, bench)
        shopify.refuses(400, STALE)
        for number in (2, 3):
            shopify.answers(
                orders(a_rest_order(number, updated_at=at(2))), Link=to_next(f"new-{number}")
            )
        with pytest.raises(Permanent, match="in one second"):
            rest_page(bench, cursor, size=1)

    def test_fails_if_a_new_one_is_refused_at_once(self, shopify: CannedRest, bench: Bench) -> None:
        cursor = self.first(shopify, bench)
        shopify.refuses(400, STALE)
        shopify.answers(orders(a_rest_order(2, updated_at=at(2))), Link=to_next("new"))
        shopify.refuses(400, STALE)
        with pytest.raises(Permanent, match="page_info: Invalid value"):
            rest_page(bench, cursor, size=1)

    def test_is_no_excuse_for_another_refusal(self, shopify: CannedRest, bench: Bench) -> None:
        cursor = self.first(shopify, bench)
        shopify.refuses(401, {"errors": "[API] Invalid API key or access token"})
        with pytest.raises(Permanent) as raised:
            rest_page(bench, cursor)
        assert raised.value.reason is Reason.SHOP_UNAUTHORIZED

    def test_does_not_hide_a_first_page_that_is_refused(
        self, shopify: CannedRest, bench: Bench
    ) -> None:
        shopify.refuses(400, {"errors": {"order": "no"}})
        with pytest.raises(Permanent, match="order: no"):
            rest_page(bench)


@pytest.mark.parametrize("cursor", ["", "{", "[]", "eyJsYXN0X2lkIjox", '{"pageInfo": "x"}'])
def test_a_cursor_of_another_source_is_refused(bench: Bench, cursor: str) -> None:
    with pytest.raises(Permanent, match="none of the REST source's"):
        rest_page(bench, cursor)


class TestOrdersById:
    def fetch(self, bench: Bench, *ids: str) -> list[str]:
        found = bench.rest_source.fetch_orders(a_connected_shop(), ids)
        return [order.order_id for order in found]

    def test_are_of_any_status(self, shopify: CannedRest, bench: Bench) -> None:
        shopify.answers(orders(a_rest_order(3), a_rest_order(5)))
        assert self.fetch(bench, "5", "3", "5", "7") == ["3", "5"]
        assert shopify.asked == [{"ids": "5,3,7", "status": "any", "limit": "250"}]

    def test_are_those_that_were_asked_for(self, shopify: CannedRest) -> None:
        shopify.answers(orders(a_rest_order(3), a_rest_order(4)))
        with pytest.raises(Transient, match="not asked for"):
            self.fetch(Bench(retries=0), "3")

    @pytest.mark.parametrize("order_id", ["", "1,2", "x", "٣"])
    def test_are_asked_for_by_numbers_only(self, bench: Bench, order_id: str) -> None:
        with pytest.raises(Permanent, match="is a number"):
            self.fetch(bench, order_id)

    def test_are_none_for_none(self, bench: Bench) -> None:
        assert self.fetch(bench) == []
