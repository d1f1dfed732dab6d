"""The real adapters over the strict DynamoDB keep the contracts that they keep over moto.

The simulation runs on it: what holds there would mean little if it were another DynamoDB than the
one that the rest of the suite knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.dynamodb_orders import DynamoOrders, OrderTable, WriteMode
from adapters.dynamodb_shops import DynamoShops
from domain.ports import ShopDirectory
from sandbox.strict_dynamodb.engine import StrictDynamoDB
from tests.contracts import checkpoint_stores, failed_batch_stores, order_stores
from tests.contracts.test_checkpoint_changes import ChangePromises
from tests.contracts.test_checkpoint_troubles import CrowdPromises, LatePromises
from tests.contracts.test_checkpoint_upkeep import UpkeepPromises
from tests.contracts.test_failed_batch_store import FailedBatchPromises
from tests.contracts.test_failed_batch_troubles import CrowdPromises as BatchCrowdPromises
from tests.contracts.test_failed_batch_troubles import LatePromises as LateBatchPromises
from tests.contracts.test_order_store import OrderPromises
from tests.contracts.test_order_troubles import LeasePromises
from tests.contracts.test_shop_directory import ShopDirectoryPromises
from tests.contracts.test_withheld_fields import MinimalPromises, WithheldPromises
from tests.fakes.chance import FakeChance
from tests.fakes.clock import FakeClock
from tests.fakes.erasures import FakeErasures
from tests.fakes.observer import FakeObserver
from tests.fakes.pause import FakePause
from tests.kms import a_kms
from tests.strict_dynamodb import StrictClient


@pytest.fixture
def engine() -> StrictDynamoDB:
    """Pages of two items: whoever forgets to ask for the next one loses something."""
    return StrictDynamoDB(page_size=2)


@pytest.fixture
def dynamodb(engine: StrictDynamoDB) -> Any:
    return StrictClient(engine)


class TestCheckpoints(
    checkpoint_stores.InDynamoDB, ChangePromises, UpkeepPromises, LatePromises, CrowdPromises
):
    """DynamoCheckpoints over the strict engine."""


class TestFailedBatches(
    failed_batch_stores.InDynamoDB, FailedBatchPromises, LateBatchPromises, BatchCrowdPromises
):
    """DynamoFailedBatches over the strict engine."""


class TestShops(ShopDirectoryPromises):
    @pytest.fixture
    def shops(self, dynamodb: Any, shops_table: str, clock: FakeClock) -> ShopDirectory:
        return DynamoShops(dynamodb, shops_table, clock)


class TestShopsWithSealedTokens(ShopDirectoryPromises):
    """Each pair is sealed with a data key of KMS's."""

    @pytest.fixture
    def shops(self, dynamodb: Any, shops_table: str, clock: FakeClock) -> Iterator[ShopDirectory]:
        with a_kms(clock) as kms:
            yield DynamoShops(dynamodb, shops_table, clock, kms.vault())


@dataclass(slots=True)
class StrictTable(order_stores.InDynamoDB):
    written: list[str]
    """The table's name, once for each write."""

    def writes(self) -> int:
        return len(self.written)


class OverTheStrictEngine(OrderPromises, LeasePromises, WithheldPromises, MinimalPromises):
    mode: WriteMode

    @pytest.fixture
    def table(self, engine: StrictDynamoDB, dynamodb: Any, orders_table: str) -> order_stores.Table:
        written: list[str] = []
        engine.tables[orders_table].written = lambda table, _old, _new: written.append(table)
        engine.page_size = 100
        store = DynamoOrders(
            OrderTable(dynamodb, orders_table, self.mode),
            FakeClock(),
            FakeChance(),
            FakePause(),
            FakeObserver(),
            FakeErasures(FakeClock()),
            "full",
        )
        nothing: Any = None
        return StrictTable(store, dynamodb, orders_table, nothing, written)


class TestOrdersByBatches(OverTheStrictEngine):
    mode = WriteMode.BATCH


class TestOrdersByTransactions(OverTheStrictEngine):
    mode = WriteMode.TRANSACTION
