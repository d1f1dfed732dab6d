"""An order store, what is under it, and what is in its table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from adapters.dynamodb_order_calls import Patience
from adapters.dynamodb_orders import DynamoOrders, OrderTable, WriteMode
from domain.leases import FixedLease
from domain.occurrences import Retried
from domain.orders import Order, OrderFailure, StoreReport
from domain.ports import Lease
from tests.builders import a_shop
from tests.dynamodb import Wire
from tests.fakes.chance import FakeChance
from tests.fakes.clock import FakeClock
from tests.fakes.erasures import FakeErasures
from tests.fakes.observer import FakeObserver
from tests.fakes.pause import FakePause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MINUTE = timedelta(minutes=1)
SHOP = a_shop()
FAILED = OrderFailure
ATTEMPTS = 4


@dataclass(slots=True)
class Scene:
    """A store whose waits move the clock, and the wire under it."""

    client: DynamoDBClient
    other: DynamoDBClient
    name: str
    mode: WriteMode = WriteMode.BATCH
    clock: FakeClock = field(default_factory=FakeClock)
    observer: FakeObserver = field(default_factory=FakeObserver)
    pause: FakePause = field(init=False)
    wire: Wire = field(init=False)

    def __post_init__(self) -> None:
        self.pause = FakePause(self.clock.advance)
        self.wire = Wire(self.client)

    def save(self, *of: Order, lease: Lease | None = None) -> StoreReport:
        store = DynamoOrders(
            OrderTable(self.client, self.name, self.mode, Patience(ATTEMPTS)),
            self.clock,
            FakeChance(),
            self.pause,
            self.observer,
            FakeErasures(self.clock),
        )
        return store.save(SHOP, of, lease or FixedLease.lasting(self.clock, MINUTE))

    def note(self, order_id: str) -> str | None:
        """What another client reads in the order's field `note`."""
        key: Any = {"userId": {"S": SHOP.user_id}, "orderId": {"S": order_id}}
        item: Any = self.other.get_item(TableName=self.name, Key=key).get("Item", {})
        note: str | None = item.get("note", {}).get("S")
        return note

    def stored(self) -> set[str]:
        answer = self.other.scan(TableName=self.name, ProjectionExpression="orderId")
        return {str(item["orderId"]["S"]) for item in answer["Items"]}

    def put(self, order: Order) -> None:
        """Somebody else stores the order."""
        table, clock = OrderTable(self.client, self.name), FakeClock()
        nothing = FakeErasures(clock)
        other = DynamoOrders(table, clock, FakeChance(), FakePause(), self.observer, nothing)
        other.save(SHOP, (order,), FixedLease.lasting(clock, MINUTE))

    @property
    def retried(self) -> list[str]:
        return [each.reason for each in self.observer.of(Retried)]


@pytest.fixture
def scene(orders_dynamodb: Any, dynamodb: Any, orders_table: str) -> Scene:
    return Scene(orders_dynamodb, dynamodb, orders_table)


def named(report: StoreReport) -> dict[str, OrderFailure]:
    return {failed.order_id: failed.failure for batch in report.failed for failed in batch}


def puts(scene: Scene, asked: dict[str, Any]) -> list[dict[str, Any]]:
    return list(asked["RequestItems"][scene.name])
