"""Single orders out of Shopify's answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from domain.failures import (
    PageTooLarge,
    Permanent,
    Transient,
)
from tests.canned_shopify import CannedShopify, canned_shopify, fetch_orders
from tests.shopify import (
    Bench,
    a_node,
    an_error,
    connection,
)


@pytest.fixture
def shopify() -> Iterator[CannedShopify]:
    with canned_shopify() as shopify:
        yield shopify


@pytest.fixture
def bench() -> Bench:
    return Bench()


class TestOrdersById:
    def test_are_read_as_they_are_now(self, shopify: CannedShopify, bench: Bench) -> None:
        shopify.answers({"data": {"order0": a_node(5), "order1": a_node(3)}})
        assert [order.order_id for order in fetch_orders(bench, "5", "3")] == ["5", "3"]
        assert shopify.asked == [{"id0": "gid://shopify/Order/5", "id1": "gid://shopify/Order/3"}]

    def test_are_absent_when_they_are_gone(self, shopify: CannedShopify, bench: Bench) -> None:
        shopify.answers({"data": {"order0": None, "order1": a_node(3)}})
        assert [order.order_id for order in fetch_orders(bench, "5", "3")] == ["3"]

    def test_have_all_their_line_items(self, shopify: CannedShopify, bench: Bench) -> None:
        shopify.answers(
            {"data": {"order0": a_node(lineItems=connection({"id": 1}, more_after="1"))}},
            {"data": {"order": {"lineItems": connection({"id": 2})}}},
        )
        (order,) = fetch_orders(bench, "1")
        assert order.fields["lineItems"] == [{"id": 1}, {"id": 2}]

    def test_of_a_batch_take_two_requests(self, shopify: CannedShopify, bench: Bench) -> None:
        shopify.answers(
            {"data": {f"order{n}": a_node(n + 1) for n in range(13)}},
            {"data": {f"order{n}": a_node(n + 14) for n in range(12)}},
        )
        ids = [str(n) for n in range(1, 26)]
        assert [order.order_id for order in fetch_orders(bench, *ids, "1", "2")] == ids

    def test_are_asked_for_in_halves_when_they_cost_too_much(
        self, shopify: CannedShopify, bench: Bench
    ) -> None:
        too_dear = {"errors": [an_error("MAX_COST_EXCEEDED", cost=1200)]}
        shopify.answers(
            too_dear,
            {"data": {"order0": a_node(1)}},
            too_dear,
            {"data": {"order0": a_node(2)}},
            {"data": {"order0": a_node(3)}},
        )
        assert [order.order_id for order in fetch_orders(bench, "1", "2", "3")] == ["1", "2", "3"]

    def test_that_cost_too_much_by_themselves_are_too_large(
        self, shopify: CannedShopify, bench: Bench
    ) -> None:
        shopify.answers({"errors": [an_error("MAX_COST_EXCEEDED", cost=1200)]})
        with pytest.raises(PageTooLarge):
            fetch_orders(bench, "1")

    @pytest.mark.parametrize("body", [{"data": {}}, {"data": {"order0": {}}}, {}])
    def test_that_cannot_be_read_are_not_taken_for_gone(
        self, shopify: CannedShopify, body: Any
    ) -> None:
        shopify.answers(body)
        with pytest.raises(Transient):
            fetch_orders(Bench(retries=0), "1")

    @pytest.mark.parametrize("order_id", ["", "x", "1 OR id:2", "٣"])
    def test_have_ids_that_are_numbers(self, bench: Bench, order_id: str) -> None:
        with pytest.raises(Permanent):
            fetch_orders(bench, order_id)

    def test_without_ids_are_none(self, bench: Bench) -> None:
        assert fetch_orders(bench) == ()
