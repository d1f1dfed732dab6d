"""What every store of orders promises of calls that fail in part, come late, twice or at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from domain.failures import LeaseLost, Reason, Transient
from domain.orders import Order, OrderFailure, StoreReport
from domain.ports import Lease
from tests.builders import NOW, an_order, orders
from tests.contracts.order_stores import (
    SECOND,
    StoredByBatches,
    StoredByTransactions,
    StoredInMemory,
    Table,
)


@dataclass(slots=True)
class LostSoon(Lease):
    """Good for so many requests."""

    requests: int

    def assert_held(self) -> None:
        if not self.requests:
            raise LeaseLost
        self.requests -= 1


def contents(*of: Order) -> dict[str, dict[str, object]]:
    return {order.order_id: dict(order.fields) for order in of}


class TroublePromises:
    def test_stores_or_names_every_order_while_there_is_no_room_for_one(self, table: Table) -> None:
        page = orders(30)
        table.throttle("7")
        report = table.save(*page)
        named = {each.order_id: each.failure for batch in report.failed for each in batch}
        assert named["7"] is OrderFailure.THROTTLED
        assert table.stored() == contents(*(o for o in page if o.order_id not in named))
        assert report.saved + len(named) == 30
        assert report.saved > 0

    def test_stores_the_rest_when_the_page_is_saved_again(self, table: Table) -> None:
        page = orders(30)
        table.throttle("7")
        table.save(*page)
        table.recover()
        assert table.save(*page) == StoreReport(30)
        assert table.stored() == contents(*page)

    def test_names_a_changed_order_that_there_is_no_room_for(self, table: Table) -> None:
        table.save(an_order(1), an_order(2))
        table.throttle("1")
        failures = table.failures(an_order(1, NOW + SECOND, note="new"), *orders(30)[1:])
        assert failures["1"] is OrderFailure.THROTTLED
        assert table.stored()["1"] == {"name": "#1"}

    def test_says_so_where_nothing_at_all_could_be_written(self, table: Table) -> None:
        table.throttle_everything()
        with pytest.raises(Transient) as raised:
            table.save(*orders(30))
        assert raised.value.reason is Reason.DATABASE_ERROR
        assert table.stored() == {}
        table.recover()
        assert table.save(*orders(30)) == StoreReport(30)

    def test_says_so_where_there_is_no_room_for_the_only_order(self, table: Table) -> None:
        table.throttle("1")
        with pytest.raises(Transient):
            table.save(an_order(1))
        assert table.stored() == {}

    def test_stores_once_what_is_stored_again_after_a_lost_answer(self, table: Table) -> None:
        page = orders(30)
        table.lose_next_answer()
        try:
            report = table.save(*page)
        except Transient:
            assert table.stored()
            report = table.save(*page)
        assert report == StoreReport(30)
        assert table.stored() == contents(*page)

    def test_leaves_the_newer_order_where_an_answer_is_lost(self, table: Table) -> None:
        table.save(an_order(1, NOW, note="old"))
        new = an_order(1, NOW + SECOND, note="new")
        table.lose_next_answer()
        try:
            table.save(new)
        except Transient:
            table.save(an_order(1, NOW, note="old"))
        assert table.stored() == contents(new)


class LeasePromises:
    def test_writes_nothing_when_the_lease_is_lost_after_reading(self, table: Table) -> None:
        with pytest.raises(LeaseLost):
            table.save(*orders(60), lease=LostSoon(1))
        assert table.stored() == {}

    def test_stops_where_the_lease_is_lost_half_way(self, table: Table) -> None:
        page = orders(60)
        with pytest.raises(LeaseLost):
            table.save(*page, lease=LostSoon(2))
        assert 0 < len(table.stored()) < 60
        assert table.save(*page) == StoreReport(60)
        assert table.stored() == contents(*page)

    def test_asks_no_lease_for_no_orders(self, table: Table) -> None:
        assert table.save(lease=LostSoon(0)) == StoreReport(0)


class CrowdPromises:
    def at_once(self, table: Table, *pages: tuple[Order, ...]) -> None:
        with ThreadPoolExecutor(16) as threads:
            reports = list(threads.map(lambda page: table.save(*page), pages))
        assert reports == [StoreReport(len(page)) for page in pages]

    def test_stores_one_page_that_many_save(self, table: Table) -> None:
        page = orders(5)
        self.at_once(table, *[page] * 16)
        assert table.stored() == contents(*page)

    def test_stores_the_pages_of_many(self, table: Table) -> None:
        pages = [tuple(an_order(10 * n + i) for i in range(3)) for n in range(1, 17)]
        self.at_once(table, *pages)
        assert table.stored() == contents(*(order for page in pages for order in page))

    def test_ends_at_the_latest_of_versions_that_many_save(self, table: Table) -> None:
        """Of an order that is stored: the first write of a new one may be late, in batch mode."""
        versions = [an_order(1, NOW + n * SECOND, note=f"version {n}") for n in range(17)]
        table.save(versions[0])
        self.at_once(table, *[(version,) for version in versions[1:]])
        assert table.stored() == contents(versions[16])


class TestFakeOrders(StoredInMemory, TroublePromises, LeasePromises, CrowdPromises):
    """In memory."""


class TestDynamoOrdersByBatches(StoredByBatches, TroublePromises, LeasePromises, CrowdPromises):
    """In DynamoDB, by BatchWriteItem where an order is new."""


class TestDynamoOrdersByTransactions(
    StoredByTransactions, TroublePromises, LeasePromises, CrowdPromises
):
    """In DynamoDB, every order under a condition."""
