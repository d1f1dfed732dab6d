"""Where a page by REST leads: the links that are taken, and what is done without them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters import shopify_rest
from domain.failures import Permanent, Reason, Transient
from domain.occurrences import Reported
from tests.canned_rest import (
    BEGUN,
    ORDERS,
    CannedRest,
    a_rest_order,
    at,
    canned_rest,
    ids,
    orders,
    rest_page,
    to_next,
)
from tests.shopify import SHOP, VERSION, Bench

PROXY = "http://proxy.example:8080/shops/{shop}"
STALE = {"errors": {"page_info": "Invalid value."}}


@pytest.fixture
def shopify() -> Iterator[CannedRest]:
    with canned_rest() as shopify:
        yield shopify


@pytest.fixture
def bench() -> Bench:
    return Bench()


class TestAPage:
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
