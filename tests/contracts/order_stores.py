"""What the contract tests of order stores share: the stores, and their tables from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from adapters.dynamodb_orders import DynamoOrders, OrderTable, WriteMode
from domain.leases import FixedLease
from domain.orders import Json, Order, OrderFailure, StoreReport
from domain.personal_data import CustomerData
from domain.ports import Lease, OrderStore
from tests.builders import NOW, a_shop
from tests.contracts.troubled_stores import WRITES
from tests.dynamodb import Answer, Wire, an_error
from tests.fakes.chance import FakeChance
from tests.fakes.clock import FakeClock
from tests.fakes.erasures import FakeErasures
from tests.fakes.observer import FakeObserver
from tests.fakes.orders import FakeOrders
from tests.fakes.pause import FakePause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECOND = timedelta(seconds=1)
LATER = NOW + SECOND
SHOP = a_shop()
OURS = {"userId", "orderId", "shop", "updatedAt", "syncedAt", "digest", "redactedAt"}


@dataclass(slots=True)
class Table:
    """A store, and a look at what is in its table."""

    store: OrderStore

    def stored(self, user_id: str = SHOP.user_id) -> dict[str, Mapping[str, Json]]:
        """The fields of the user's orders, by id."""
        raise NotImplementedError

    def writes(self) -> int:
        """Orders written so far."""
        raise NotImplementedError

    def set_to(self, customer_data: CustomerData) -> None:
        """From now on no more than that is kept of customers (everything, at first)."""
        raise NotImplementedError

    def throttle(self, order_id: str) -> None:
        """From now on the database has no room for this order."""
        raise NotImplementedError

    def throttle_everything(self) -> None:
        """From now on the database takes no order at all."""
        raise NotImplementedError

    def lose_next_answer(self) -> None:
        """The next write takes effect, and who sent it never knows."""
        raise NotImplementedError

    def recover(self) -> None:
        """Nothing goes wrong any more."""
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


@dataclass(slots=True)
class InMemory(Table):
    store: FakeOrders

    def stored(self, user_id: str = SHOP.user_id) -> dict[str, Mapping[str, Json]]:
        return {i: dict(order.fields) for i, order in self.store.of(user_id).items()}

    def writes(self) -> int:
        return self.store.writes

    def set_to(self, customer_data: CustomerData) -> None:
        self.store.customer_data = customer_data

    def throttle(self, order_id: str) -> None:
        self.store.reject(order_id, failure=OrderFailure.THROTTLED)

    def throttle_everything(self) -> None:
        self.store.throttle()

    def lose_next_answer(self) -> None:
        self.store.lose_next_answer()

    def recover(self) -> None:
        self.store.recover()


@dataclass(slots=True)
class InDynamoDB(Table):
    store: DynamoOrders
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

    def set_to(self, customer_data: CustomerData) -> None:
        self.store = replace(self.store, customer_data=customer_data)

    def throttle(self, order_id: str) -> None:
        def give(operation: str, asked: dict[str, Any]) -> Answer | None:
            match operation:
                case "BatchWriteItem":
                    return self._all_but(order_id, asked["RequestItems"][self.name])
                case "PutItem" if asked["Item"]["orderId"]["S"] == order_id:
                    return 400, an_error("ThrottlingException")
                case "TransactWriteItems":
                    return _cancelled_by(order_id, asked["TransactItems"])
                case _:
                    return None

        self.wire.answer(give)

    def _all_but(self, order_id: str, puts: list[Any]) -> Answer:
        """Store the other orders and leave this one unprocessed."""
        left = [put for put in puts if put["PutRequest"]["Item"]["orderId"]["S"] == order_id]
        others = [put for put in puts if put not in left]
        if others:
            self.client.batch_write_item(RequestItems={self.name: others})
        return 200, {"UnprocessedItems": {self.name: left} if left else {}}

    def throttle_everything(self) -> None:
        for operation in WRITES:
            self.wire.fail(operation, "ThrottlingException", times=99)

    def lose_next_answer(self) -> None:
        self.wire.lose_next_answer(*WRITES)

    def recover(self) -> None:
        self.wire.recover()


def _cancelled_by(order_id: str, writes: list[Any]) -> Answer | None:
    """There is no room for the order: its whole transaction is cancelled."""
    ids = [write["Put"]["Item"]["orderId"]["S"] for write in writes]
    if order_id not in ids:
        return None
    reasons = [{"Code": "ThrottlingError" if i == order_id else "None"} for i in ids]
    return 400, an_error("TransactionCanceledException", CancellationReasons=reasons)


def in_dynamodb(
    client: DynamoDBClient, orders_client: DynamoDBClient, name: str, mode: WriteMode
) -> InDynamoDB:
    store = DynamoOrders(
        OrderTable(orders_client, name, mode),
        FakeClock(),
        FakeChance(),
        FakePause(),
        FakeObserver(),
        FakeErasures(FakeClock()),
        "full",
    )
    return InDynamoDB(store, client, name, Wire(orders_client))


class StoredInMemory:
    @pytest.fixture
    def table(self) -> Table:
        return InMemory(FakeOrders())


class StoredByBatches:
    @pytest.fixture
    def table(self, dynamodb: Any, orders_dynamodb: Any, orders_table: str) -> Table:
        return in_dynamodb(dynamodb, orders_dynamodb, orders_table, WriteMode.BATCH)


class StoredByTransactions:
    @pytest.fixture
    def table(self, dynamodb: Any, orders_dynamodb: Any, orders_table: str) -> Table:
        return in_dynamodb(dynamodb, orders_dynamodb, orders_table, WriteMode.TRANSACTION)
