"""What a page read by GraphQL, or a count, says beside its orders."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.caveats import CaveatKind
from domain.failures import Permanent, Reason
from domain.orders import OrderPage, PageRequest, Window
from tests.canned_shopify import CannedShopify, canned_shopify, fetch
from tests.shopify import Bench, a_connected_shop, a_node, a_page_of, an_error


@pytest.fixture
def shopify() -> Iterator[CannedShopify]:
    with canned_shopify() as shopify:
        yield shopify


@pytest.fixture
def bench() -> Bench:
    return Bench()


COUNTED = PageRequest(250, None, None, count=True)


def kinds(page: OrderPage) -> list[CaveatKind]:
    return [caveat.kind for caveat in page.caveats]


def installation(scopes: list[str] | None) -> Any:
    return scopes and {"accessScopes": [{"handle": handle} for handle in scopes]}


class TestACount:
    def test_is_of_a_window_up_to_its_end(self, shopify: CannedShopify, bench: Bench) -> None:
        exactly = {"data": {"ordersCount": {"count": 7, "precision": "EXACT"}}}
        at_least = {"data": {"ordersCount": {"count": 7, "precision": "AT_LEAST"}}}
        shopify.answers(exactly, at_least)
        window = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
        shop = a_connected_shop()
        assert [bench.source.count(shop, window) for _ in range(2)] == [7, None]
        assert shopify.asked[0] == {
            "query": "updated_at:>='2026-11-01T00:00:00Z' AND updated_at:<'2026-11-02T00:00:00Z'"
        }

    def test_of_an_ignored_filter_is_none(self, shopify: CannedShopify, bench: Bench) -> None:
        warning = {"field": "updated", "message": "Invalid search field", "code": "invalid_field"}
        search = [{"path": ["ordersCount"], "warnings": [warning]}]
        count = {"ordersCount": {"count": 7, "precision": "EXACT"}}
        shopify.answers({"data": count, "extensions": {"search": search}})
        assert bench.source.count(a_connected_shop(), Window()) is None


class TestACaveat:
    def test_of_an_answer_comes_with_the_page(self, shopify: CannedShopify, bench: Bench) -> None:
        errors = [an_error(None, "orders", "nodes", 0, "customer")]
        page = {**a_page_of(a_node(customer=None)), "errors": errors}
        shopify.answers(page, X_Shopify_API_Version="2026-01")
        assert kinds(fetch(bench)) == [CaveatKind.WITHHELD_DATA, CaveatKind.OTHER_API_VERSION]

    def test_is_an_order_from_before_the_window(self, shopify: CannedShopify, bench: Bench) -> None:
        early, late = (a_node(n, updatedAt=f"2026-11-01T0{n}:00:00Z") for n in (1, 3))
        shopify.answers(a_page_of(early, late))
        page = fetch(
            bench, PageRequest(250, None, datetime(2026, 11, 1, 2, tzinfo=UTC), count=False)
        )
        assert len(page.orders) == 2
        assert kinds(page) == [CaveatKind.IGNORED_FILTER]

    @pytest.mark.parametrize(
        ("scopes", "expected"),
        [
            (["read_orders", "read_all_orders"], []),
            (["write_orders"], [CaveatKind.SIXTY_DAYS_ONLY]),
            (None, [CaveatKind.SCOPES_UNKNOWN]),
        ],
    )
    def test_is_what_the_app_may_not_read(
        self,
        shopify: CannedShopify,
        bench: Bench,
        scopes: list[str] | None,
        expected: list[CaveatKind],
    ) -> None:
        shopify.answers(a_page_of(a_node(), appInstallation=installation(scopes)))
        assert kinds(fetch(bench, COUNTED)) == expected

    def test_is_an_error_where_the_app_may_read_no_orders(
        self, shopify: CannedShopify, bench: Bench
    ) -> None:
        shopify.answers(a_page_of(appInstallation=installation(["read_products"])))
        with pytest.raises(Permanent, match="read_orders") as raised:
            fetch(bench, COUNTED)
        assert raised.value.reason is Reason.SHOP_UNAUTHORIZED

    def test_is_no_error_of_the_scopes_alone(self, shopify: CannedShopify, bench: Bench) -> None:
        denied = an_error("ACCESS_DENIED", "appInstallation")
        shopify.answers({**a_page_of(a_node(), appInstallation=None), "errors": [denied]})
        page = fetch(bench, COUNTED)
        assert len(page.orders) == 1
        assert kinds(page) == [CaveatKind.SCOPES_UNKNOWN]
