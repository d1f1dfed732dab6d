"""Pages of orders by REST: what is asked for, and what of the answers is relied on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.caveats import CaveatKind
from domain.checkpoints import SourceName
from domain.failures import Permanent, RateLimited, Reason, Transient
from domain.occurrences import Reported, WaitedForRateLimit
from domain.orders import PageRequest, Window
from tests.canned_rest import (
    BEGUN,
    COUNT,
    SCOPES,
    CannedRest,
    a_rest_order,
    at,
    canned_rest,
    ids,
    orders,
    rest_page,
    to_next,
)
from tests.fakes.clock import FakeClock
from tests.shopify import Bench, a_connected_shop


@pytest.fixture
def shopify() -> Iterator[CannedRest]:
    with canned_rest() as shopify:
        yield shopify


@pytest.fixture
def bench() -> Bench:
    return Bench()


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

    def test_asks_for_no_field_that_it_does_not_use(
        self, shopify: CannedRest, bench: Bench
    ) -> None:
        shopify.answers(orders(a_rest_order()))
        rest_page(bench)
        url = str(shopify.mock.calls[0].request.url)
        assert "fields=id%2C" in url
        assert "email" not in url
        assert "address" not in url

    def test_keeps_a_slot_for_the_one_after_it(self, shopify: CannedRest, bench: Bench) -> None:
        limit = {"X_Shopify_Shop_Api_Call_Limit": "35/40"}
        shopify.answers(orders(a_rest_order()), Link=to_next("on"), **limit)
        waits = [rest_page(bench, soon=True).ready_in.total_seconds() for _ in range(10)]
        # Five calls are left, half a second brings one more; SQS counts in whole seconds.
        assert waits[:6] == [0] * 6
        assert bench.pause.seconds == []

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

    def test_may_begin_before_its_window_and_says_so(self, shopify: CannedRest) -> None:
        shopify.answers(orders(a_rest_order(updated_at=at(1)), a_rest_order(2, updated_at=at(3))))
        page = rest_page(Bench(), since=datetime(2026, 11, 1, 10, 2, tzinfo=UTC))
        assert ids(page) == ["1", "2"]
        assert [each.kind for each in page.caveats] == [CaveatKind.IGNORED_FILTER]

    def test_may_hold_an_order_that_changed_meanwhile_where_it_stood(
        self, shopify: CannedRest
    ) -> None:
        began = datetime(2026, 11, 1, 11, tzinfo=UTC)
        changed = a_rest_order(2, updated_at="2026-11-01T11:00:05Z")
        listed = orders(a_rest_order(1, updated_at=at(1)), changed)
        shopify.answers(listed, Link=to_next("on"))
        shopify.answers(orders(changed, a_rest_order(3, updated_at=at(2))))
        first = rest_page(Bench(retries=0), began=began)
        assert ids(first) == ["1", "2"]
        assert "2026-11-01T10:01:00Z" in str(first.next_cursor)
        assert ids(rest_page(Bench(retries=0), first.next_cursor, began=began)) == ["2", "3"]

    def test_does_not_begin_before_the_one_that_led_to_it(self, shopify: CannedRest) -> None:
        shopify.answers(orders(a_rest_order(1, updated_at=at(2))), Link=to_next("on"))
        shopify.answers(orders(a_rest_order(2, updated_at=at(1))))
        first = rest_page(Bench(retries=0))
        with pytest.raises(Transient, match="before those of the page"):
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


def scopes(*handles: str) -> dict[str, Any]:
    return {"access_scopes": [{"handle": handle} for handle in handles]}


ALL = scopes("read_orders", "read_all_orders")


class TestACount:
    def test_is_of_the_window_and_any_status(self, shopify: CannedRest, bench: Bench) -> None:
        shopify.answers({"count": 20_001}, url=COUNT)
        shopify.answers(ALL, url=SCOPES)
        shopify.answers(orders(a_rest_order()), Link=to_next("on"))
        since = datetime(2026, 11, 1, tzinfo=UTC)
        page = rest_page(bench, since=since, count=True)
        assert (page.expected, page.counted) == (20_001, None)
        assert {"status": "any", "updated_at_min": "2026-11-01T00:00:00Z"} in shopify.asked

    def test_ends_before_the_end_of_its_window(self, shopify: CannedRest, bench: Bench) -> None:
        shopify.answers({"count": 7}, url=COUNT)
        until = datetime(2026, 11, 1, tzinfo=UTC)
        assert bench.rest_source.count(a_connected_shop(), Window(None, until)) == 7
        assert shopify.asked == [{"status": "any", "updated_at_max": "2026-10-31T23:59:59Z"}]

    @pytest.mark.parametrize("body", ["", {}, {"count": "many"}, {"count": True}, {"count": -1}])
    def test_that_cannot_be_had_keeps_no_page(self, shopify: CannedRest, body: Any) -> None:
        shopify.answers(body, url=COUNT)
        shopify.answers(ALL, url=SCOPES)
        shopify.answers(orders(a_rest_order()), Link=to_next("on"))
        page = rest_page(Bench(retries=0), count=True)
        assert (len(page.orders), page.expected) == (1, None)

    def test_of_a_single_page_is_the_pages_own(self, shopify: CannedRest, bench: Bench) -> None:
        shopify.answers(ALL, url=SCOPES)
        shopify.answers(orders(a_rest_order()))
        page = rest_page(bench, count=True)
        assert (page.expected, page.counted) == (1, None)

    def test_of_nothing_costs_no_call(self, shopify: CannedRest, bench: Bench) -> None:
        shopify.answers(orders())
        page = rest_page(bench, since=datetime(2026, 11, 1, tzinfo=UTC), count=True)
        assert (page.expected, page.counted, page.caveats) == (0, 0, ())
        assert len(shopify.asked) == 1


class TestScopes:
    def kinds(self, bench: Bench, **more: Any) -> list[CaveatKind]:
        return [each.kind for each in rest_page(bench, count=True, **more).caveats]

    def test_without_all_orders_are_said(self, shopify: CannedRest, bench: Bench) -> None:
        shopify.answers(scopes("read_orders"), url=SCOPES)
        shopify.answers(orders())
        assert self.kinds(bench) == [CaveatKind.SIXTY_DAYS_ONLY]

    def test_without_orders_stop_the_run(self, shopify: CannedRest, bench: Bench) -> None:
        shopify.answers(scopes("read_products"), url=SCOPES)
        shopify.answers(orders())
        with pytest.raises(Permanent, match="read_orders") as raised:
            rest_page(bench, count=True)
        assert raised.value.reason is Reason.SHOP_UNAUTHORIZED

    def test_that_may_write_may_read(self, shopify: CannedRest, bench: Bench) -> None:
        shopify.answers(scopes("write_orders", "read_all_orders"), url=SCOPES)
        shopify.answers(orders())
        assert self.kinds(bench) == []

    @pytest.mark.parametrize("body", ["", {}, {"access_scopes": [{}, None, "x"]}])
    def test_that_are_not_told_keep_no_page(self, shopify: CannedRest, body: Any) -> None:
        shopify.answers(body, url=SCOPES)
        shopify.answers(orders(a_rest_order()))
        assert self.kinds(Bench(retries=0)) == [CaveatKind.SCOPES_UNKNOWN]

    @pytest.mark.parametrize(
        ("kept", "kinds"),
        [
            ((), []),
            (("read_orders",), [CaveatKind.SIXTY_DAYS_ONLY]),
            (("write_orders", "read_all_orders"), []),
            (("read_products",), []),
        ],
    )
    def test_are_those_of_the_shops_row_where_nobody_asks(
        self, shopify: CannedRest, bench: Bench, kept: tuple[str, ...], kinds: list[CaveatKind]
    ) -> None:
        shopify.answers(orders())
        shop = a_connected_shop()
        shop = replace(shop, tokens=replace(shop.tokens, scopes=kept))
        request = PageRequest(250, None, datetime(2026, 11, 1, tzinfo=UTC), count=True)
        page = bench.rest_source.fetch_page(shop, request)
        assert [each.kind for each in page.caveats] == kinds
        assert (page.scopes, len(shopify.asked)) == (None, 1)

    @pytest.mark.parametrize(
        ("kept", "news"),
        [
            ((), ("read_orders", "read_products")),
            (("write_orders",), None),
            (("read_all_orders", "read_orders"), ("read_orders", "read_products")),
        ],
    )
    def test_are_news_if_the_shops_row_says_otherwise(
        self, shopify: CannedRest, bench: Bench, kept: tuple[str, ...], news: tuple[str, ...] | None
    ) -> None:
        shopify.answers(scopes("read_products", "read_orders"), url=SCOPES)
        shopify.answers(orders())
        shop = a_connected_shop()
        shop = replace(shop, tokens=replace(shop.tokens, scopes=kept))
        page = bench.rest_source.fetch_page(shop, PageRequest(250, None, None, count=True))
        assert page.scopes == news

    def test_are_asked_for_once_in_some_hours_and_token(self, shopify: CannedRest) -> None:
        clock = FakeClock()
        source = Bench(clock=clock).rest_source
        shopify.answers(scopes("read_orders"), url=SCOPES)
        shopify.answers(orders())
        since = datetime(2026, 11, 1, tzinfo=UTC)

        def calls(token: str, since: datetime | None = None) -> int:
            before = len(shopify.asked)
            request = PageRequest(250, None, since, count=True)
            page = source.fetch_page(a_connected_shop(token=token), request)
            assert len(page.caveats) == 1
            return len(shopify.asked) - before

        assert [calls("shpat_1"), calls("shpat_1"), calls("shpat_1", since)] == [2, 1, 1]
        assert [calls("shpat_2"), calls("shpat_1")] == [2, 1]
        clock.advance(timedelta(hours=6))
        assert calls("shpat_1") == 2


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
