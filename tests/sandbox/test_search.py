"""Searching for orders."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.shopify.shops import Shop
from tests.sandbox.conftest import OpenShop, ShopUnderTest

QUERY = """query($query: String) {
  orders(first: 250, query: $query, sortKey: UPDATED_AT) { nodes { id updatedAt createdAt test
    closed cancelledAt legacyResourceId } }
  ordersCount(query: $query) { count precision } }"""


@pytest.fixture(scope="module")
def shop() -> ShopUnderTest:
    """A shop that nobody writes to, so that its orders are made once."""
    return ShopUnderTest(Shop("a-shop.myshopify.com", orders=120))


def found(shop: ShopUnderTest, search: str) -> list[dict[str, Any]]:
    data = shop.data(QUERY, query=search)
    nodes: list[dict[str, Any]] = data["orders"]["nodes"]
    assert data["ordersCount"] == {"count": len(nodes), "precision": "EXACT"}
    return nodes


class TestASearch:
    @pytest.mark.parametrize("quote", ["'", '"', ""])
    @pytest.mark.parametrize("field", ["updated_at", "created_at", "processed_at"])
    @pytest.mark.parametrize("sign", [">=", ">", "<=", "<", ""])
    def test_compares_times(self, shop: ShopUnderTest, quote: str, field: str, sign: str) -> None:
        name = "updatedAt" if field == "updated_at" else "createdAt"
        everything = found(shop, "")
        at = everything[70][name]
        expected = {
            ">=": [o for o in everything if o[name] >= at],
            ">": [o for o in everything if o[name] > at],
            "<=": [o for o in everything if o[name] <= at],
            "<": [o for o in everything if o[name] < at],
            "": [o for o in everything if o[name] == at],
        }

        assert found(shop, f"{field}:{sign}{quote}{at}{quote}") == expected[sign]

    @pytest.mark.parametrize("joint", [" AND ", " "])
    def test_joins_terms(self, shop: ShopUnderTest, joint: str) -> None:
        everything = found(shop, "")
        low, high = everything[30]["updatedAt"], everything[90]["updatedAt"]

        terms = (f"updated_at:>='{low}'", f"updated_at:<'{high}'", "test:false", "status:any")

        assert found(shop, joint.join(terms)) == [
            o for o in everything if low <= o["updatedAt"] < high and not o["test"]
        ]

    def test_knows_offsets(self, shop: ShopUnderTest) -> None:
        assert found(shop, "updated_at:>='2026-11-20T10:00:00+02:00'") == found(
            shop, "updated_at:>='2026-11-20T08:00:00Z'"
        )

    def test_finds_by_id(self, shop: ShopUnderTest) -> None:
        order = found(shop, "")[42]

        assert found(shop, f"id:{order['legacyResourceId']}") == [order]

    @pytest.mark.parametrize("status", ["any", "open", "closed", "cancelled", "not_closed"])
    def test_filters_by_status(self, shop: ShopUnderTest, status: str) -> None:
        tests: dict[str, Callable[[dict[str, Any]], bool]] = {
            "any": lambda _: True,
            "open": lambda o: not (o["closed"] or o["cancelledAt"]),
            "closed": lambda o: o["closed"],
            "cancelled": lambda o: bool(o["cancelledAt"]),
            "not_closed": lambda o: not o["closed"],
        }

        expected = [o for o in found(shop, "") if tests[status](o)]

        assert found(shop, f"status:{status}") == expected
        assert expected

    def test_ignores_a_field_that_shopify_does_not_know_and_warns(
        self, shop: ShopUnderTest
    ) -> None:
        body = shop.ask(QUERY, query="updatd_at:>='2030-01-01T00:00:00Z'")

        assert len(body["data"]["orders"]["nodes"]) == 120
        assert body["extensions"]["search"][0] == {
            "path": ["orders"],
            "query": "updatd_at:>='2030-01-01T00:00:00Z'",
            "parsed": {"field": "updatd_at", "range": {"gte": "2030-01-01T00:00:00Z"}},
            "warnings": [
                {
                    "field": "updatd_at",
                    "message": "Invalid search field for this query.",
                    "code": "invalid_field",
                }
            ],
        }

    def test_says_nothing_more_about_a_search_that_is_right(self, shop: ShopUnderTest) -> None:
        assert "search" not in shop.ask(QUERY, query="test:true")["extensions"]

    @pytest.mark.parametrize(
        "search", ["financial_status:paid", "a OR b", "test:maybe", "updated_at:>soon"]
    )
    def test_refuses_aloud_what_the_sandbox_cannot_do(
        self, shop: ShopUnderTest, search: str
    ) -> None:
        assert shop.ask(QUERY, query=search)["data"] is None


class TestACount:
    def test_stops_at_its_limit(self, shop: ShopUnderTest) -> None:
        query = "{ordersCount(limit: 50) {count precision}}"

        assert shop.data(query)["ordersCount"] == {"count": 50, "precision": "AT_LEAST"}

    def test_is_capped_at_ten_thousand_by_default(self, open_shop: OpenShop) -> None:
        query = "{a: ordersCount {count precision} b: ordersCount(limit: null) {count precision}}"

        assert open_shop(1_000_000).data(query) == {
            "a": {"count": 10_000, "precision": "AT_LEAST"},
            "b": {"count": 1_000_000, "precision": "EXACT"},
        }
