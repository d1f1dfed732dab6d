"""What every store of orders promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from adapters.dynamodb_orders import DynamoOrders, OrderTable, WriteMode
from domain.failures import LeaseLost
from domain.leases import FixedLease
from domain.orders import Json, Order, OrderFailure, StoreReport
from domain.ports import Lease, OrderStore
from tests.builders import NOW, a_shop, an_order, orders
from tests.dynamodb import Wire
from tests.fakes.chance import FakeChance
from tests.fakes.clock import FakeClock
from tests.fakes.observer import FakeObserver
from tests.fakes.orders import FakeOrders
from tests.fakes.pause import FakePause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECOND = timedelta(seconds=1)
LATER = NOW + SECOND
SHOP = a_shop()
OURS = {"userId", "orderId", "shop", "updatedAt", "syncedAt", "digest"}


@dataclass(frozen=True, slots=True)
class Table:
    """A store, and a look at what is in its table."""

    store: OrderStore

    def stored(self, user_id: str = SHOP.user_id) -> dict[str, Mapping[str, Json]]:
        """The fields of the user's orders, by id."""
        raise NotImplementedError

    def writes(self) -> int:
        """Orders written so far."""
        raise NotImplementedError

    def save(self, *of: Order, lease: Lease | None = None) -> StoreReport:
        lease = lease or FixedLease.lasting(FakeClock(), SECOND)
        return self.store.save(SHOP, of, lease)

    def failures(self, *of: Order) -> dict[str, OrderFailure]:
        """Save; why each order failed that did."""
        report = self.save(*of)
        failed = {each.order_id: each.failure for batch in report.failed for each in batch}
        assert report.saved + len(failed) == len(of)
        return failed


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


class InMemory(Table):
    def stored(self, user_id: str = SHOP.user_id) -> dict[str, Mapping[str, Json]]:
        assert isinstance(self.store, FakeOrders)
        return {i: dict(order.fields) for i, order in self.store.of(user_id).items()}

    def writes(self) -> int:
        assert isinstance(self.store, FakeOrders)
        return self.store.writes


@dataclass(frozen=True, slots=True)
class InDynamoDB(Table):
    client: DynamoDBClient
    name: str
    wire: Wire

    def stored(self, user_id: str = SHOP.user_id) -> dict[str, Mapping[str, Json]]:
        answer = self.client.query(
            TableName=self.name,
            KeyConditionExpression="userId = :user",
            ExpressionAttributeValues={":user": {"S": user_id}},
        )
        read = TypeDeserializer().deserialize
        return {
            item["orderId"]["S"]: {k: read(v) for k, v in item.items() if k not in OURS}
            for item in answer["Items"]
        }

    def writes(self) -> int:
        batches = self.wire.sent("BatchWriteItem")
        transactions = self.wire.sent("TransactWriteItems")
        return (
            sum(len(batch["RequestItems"][self.name]) for batch in batches)
            + sum(len(transaction["TransactItems"]) for transaction in transactions)
            + len(self.wire.sent("PutItem"))
        )


def in_dynamodb(
    client: DynamoDBClient, orders_client: DynamoDBClient, name: str, mode: WriteMode
) -> InDynamoDB:
    store = DynamoOrders(
        OrderTable(orders_client, name, mode),
        FakeClock(),
        FakeChance(),
        FakePause(),
        FakeObserver(),
    )
    return InDynamoDB(store, client, name, Wire(orders_client))


class TestFakeOrders(OrderPromises):
    @pytest.fixture
    def table(self) -> Table:
        return InMemory(FakeOrders())


class TestDynamoOrdersByBatches(OrderPromises):
    @pytest.fixture
    def table(self, dynamodb: Any, orders_dynamodb: Any, orders_table: str) -> Table:
        return in_dynamodb(dynamodb, orders_dynamodb, orders_table, WriteMode.BATCH)


class TestDynamoOrdersByTransactions(OrderPromises):
    @pytest.fixture
    def table(self, dynamodb: Any, orders_dynamodb: Any, orders_table: str) -> Table:
        return in_dynamodb(dynamodb, orders_dynamodb, orders_table, WriteMode.TRANSACTION)
