"""What every source of orders promises, kept by bulk operations as far as they can.

Their pages come in no order, and from a file: what changes after it was begun is not in it, and an
order that is deleted still is.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bulk import Patient, a_bulk_bench
from tests.contracts.test_order_source import OrderSourceContract
from tests.merchants import LINES, ORDERS, SOON, Merchant, MerchantInTheSandbox


class TestShopifyBulkOrders(OrderSourceContract):
    @pytest.fixture
    def merchant(self) -> Iterator[Merchant]:
        with a_bulk_bench(ORDERS, most_lines=LINES) as bench:
            yield MerchantInTheSandbox(bench.world, Patient(bench.source, bench.clock))

    def test_hands_over_each_order_once_by_update_time_and_id(self, merchant: Merchant) -> None:
        pages = list(self.walk(merchant, 4))
        orders = [order for page in pages for order in page.orders]
        assert len({order.order_id for order in orders}) == len(orders) == ORDERS
        assert not any(page.ascending for page in pages)

    def test_sees_an_order_again_that_changes_meanwhile(self, merchant: Merchant) -> None:
        """Not this one: what changes after the file was begun is left to the next run."""
        moved = self.page(merchant).orders[-1].order_id
        pages = self.walk(merchant, 20)
        next(pages)
        merchant.updates(moved, SOON)
        read = {order.order_id: order for page in pages for order in page.orders}
        assert read[moved].updated_at < SOON
        again = {order.order_id: order for order in self.page(merchant).orders}
        assert again[moved].updated_at == SOON

    def test_describes_orders_as_pages_do(self, merchant: Merchant) -> None:
        for order in self.page(merchant).orders:
            assert merchant.source.fetch_orders(merchant.shop, (order.order_id,)) == (order,)
