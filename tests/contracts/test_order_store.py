"""What every store of orders promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from domain.failures import LeaseLost
from domain.leases import FixedLease
from domain.orders import Json, Order, OrderFailure, StoreReport
from tests.builders import NOW, an_order, orders
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    pass

from tests.contracts.order_stores import (
    LATER,
    SECOND,
    StoredByBatches,
    StoredByTransactions,
    StoredInMemory,
    Table,
)


def nested(levels: int) -> Json:
    value: Json = "bottom"
    for _ in range(levels):
        value = {"in": value}
    return value


class OrderPromises:
    def test_stores_a_whole_page(self, table: Table) -> None:
        page = orders(60)
        assert table.save(*page) == StoreReport(60)
        assert table.stored() == {order.order_id: dict(order.fields) for order in page}

    def test_stores_nothing_for_no_orders(self, table: Table) -> None:
        assert table.save() == StoreReport(0)

    def test_keeps_every_kind_of_value_to_the_last_digit(self, table: Table) -> None:
        fields: dict[str, Any] = {
            "text": "Zoë \U0001f6d2 \u0000",
            "empty": "",
            "yes": True,
            "no": False,
            "nothing": None,
            "count": -12345678901234567890,
            "rate": 0.1,
            "price": Decimal("12345678901234567890.123456789"),
            "list": ["a", 1, None, ["b"], {"c": 0.25}],
            "map": {"d": {"e": []}, "f": {}},
        }
        table.save(an_order(1, **fields))
        stored = table.stored()["1"]
        expected = {**fields, "name": "#1", "rate": Decimal("0.1")}
        assert {**stored, "rate": Decimal(str(stored["rate"]))} == expected
        assert stored["yes"] is True

    def test_keeps_users_apart(self, table: Table) -> None:
        table.save(an_order(1))
        assert table.stored("user-2") == {}

    def test_writes_no_order_that_is_unchanged(self, table: Table) -> None:
        page = orders(30)
        table.save(*page)
        assert table.save(*page) == StoreReport(30)
        assert table.writes() == 30

    def test_takes_the_same_instant_in_another_zone_for_unchanged(self, table: Table) -> None:
        table.save(an_order(1, NOW))
        table.save(an_order(1, NOW.astimezone(timezone(timedelta(hours=2)))))
        assert table.writes() == 1

    def test_overwrites_an_earlier_version(self, table: Table) -> None:
        table.save(an_order(1, NOW, note="old"))
        assert table.save(an_order(1, LATER, note="new")) == StoreReport(1)
        assert table.stored()["1"]["note"] == "new"

    def test_drops_fields_that_a_version_no_longer_has(self, table: Table) -> None:
        table.save(an_order(1, NOW, note="old"))
        table.save(an_order(1, LATER))
        assert "note" not in table.stored()["1"]

    def test_overwrites_a_different_version_of_the_same_second(self, table: Table) -> None:
        table.save(an_order(1, NOW, note="old"))
        table.save(an_order(1, NOW, note="new"))
        assert table.stored()["1"]["note"] == "new"

    @pytest.mark.parametrize("later", [timedelta(microseconds=1), SECOND, timedelta(days=400)])
    def test_leaves_a_later_version_and_counts_it_as_saved(
        self, table: Table, later: timedelta
    ) -> None:
        table.save(an_order(1, NOW + later, note="new"))
        assert table.save(an_order(1, NOW, note="old"), an_order(2)) == StoreReport(2)
        assert table.stored()["1"]["note"] == "new"

    @pytest.mark.parametrize("later", [timedelta(microseconds=1), timedelta(seconds=0.5)])
    def test_tells_versions_within_a_second_apart(self, table: Table, later: timedelta) -> None:
        table.save(an_order(1, NOW, note="old"))
        table.save(an_order(1, NOW + later, note="new"))
        assert table.stored()["1"]["note"] == "new"

    def test_keeps_the_latest_of_two_versions_in_one_page(self, table: Table) -> None:
        report = table.save(an_order(1, LATER, note="new"), an_order(2), an_order(1, note="old"))
        assert report == StoreReport(3)
        assert table.stored()["1"]["note"] == "new"
        assert len(table.stored()) == 2

    def test_keeps_one_order_from_stopping_the_others(self, table: Table) -> None:
        poison = an_order(7, note="x" * 500_000)
        page = (*orders(6), poison, *(an_order(n) for n in range(8, 31)))
        assert table.failures(*page) == {"7": OrderFailure.TOO_LARGE}
        assert set(table.stored()) == {str(n) for n in range(1, 31)} - {"7"}

    @pytest.mark.parametrize(
        "poison",
        [
            Order("", NOW, {"name": "#0"}),
            an_order(1, rate=float("nan")),
            an_order(1, rates=[{"rate": float("-inf")}]),
            an_order(1, map=nested(40)),
        ],
    )
    def test_names_an_order_that_cannot_be_stored(self, table: Table, poison: Order) -> None:
        assert table.failures(poison, an_order(2)) == {poison.order_id: OrderFailure.INVALID}
        assert set(table.stored()) == {"2"}

    def test_reports_failures_by_the_batch_they_were_in(self, table: Table) -> None:
        page = [replace(order, fields={"rate": float("nan")}) for order in orders(30)]
        report = table.save(*page)
        assert report.saved == 0
        assert [len(batch) for batch in report.failed] == [25, 5]

    def test_says_why_an_order_failed_without_its_contents(self, table: Table) -> None:
        secret = "Ada Lovelace"
        table.save(an_order(2))
        report = table.save(
            an_order(1, note=secret * 50_000), an_order(2, who=[secret, nested(40)])
        )
        (batch,) = report.failed
        assert all(failed.error for failed in batch)
        assert secret not in repr(report)

    def test_sends_nothing_without_a_lease(self, table: Table) -> None:
        clock = FakeClock()
        lease = FixedLease.lasting(clock, SECOND)
        clock.advance(timedelta(minutes=10))
        with pytest.raises(LeaseLost):
            table.save(an_order(1), lease=lease)
        assert table.stored() == {}


class TestFakeOrders(StoredInMemory, OrderPromises):
    """In memory."""


class TestDynamoOrdersByBatches(StoredByBatches, OrderPromises):
    """In DynamoDB, by BatchWriteItem where an order is new."""


class TestDynamoOrdersByTransactions(StoredByTransactions, OrderPromises):
    """In DynamoDB, every order under a condition."""
