"""What the contract tests of failed-batch stores share: the stores, and a batch."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from adapters.dynamodb_failed_batches import DynamoFailedBatches
from domain.failed_batches import FailedBatch
from domain.ports import FailedBatchStore
from tests.builders import KEY, NOW, SHOP
from tests.contracts.troubled_stores import OnTheWire, Trouble
from tests.dynamodb import Wire
from tests.fakes.clock import FakeClock
from tests.fakes.failed_batches import FakeFailedBatches

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECOND = timedelta(seconds=1)


def a_batch(*order_ids: str, **changes: Any) -> FailedBatch:
    return replace(
        FailedBatch(
            key=KEY,
            run_id="run-1",
            page=3,
            batch=1,
            order_ids=order_ids or ("101", "102"),
            reason="too-large",
            error="the order has 500000 bytes",
            created_at=NOW,
            shop=SHOP,
            attempts=1,
        ),
        **changes,
    )


class OfFailedBatches:
    """Tests of a store, given a clock."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()


class InMemory(OfFailedBatches):
    @pytest.fixture
    def store(self) -> FailedBatchStore:
        return FakeFailedBatches()

    @pytest.fixture
    def trouble(self, store: FakeFailedBatches) -> Trouble:
        return store


class InDynamoDB(OfFailedBatches):
    @pytest.fixture
    def store(
        self, dynamodb: DynamoDBClient, checkpoints_table: str, clock: FakeClock
    ) -> FailedBatchStore:
        return DynamoFailedBatches(dynamodb, checkpoints_table, clock)


class InTroubledDynamoDB(OfFailedBatches):
    """The client does not retry: callers see what else botocore sits out."""

    @pytest.fixture
    def store(
        self, impatient_dynamodb: DynamoDBClient, checkpoints_table: str, clock: FakeClock
    ) -> FailedBatchStore:
        return DynamoFailedBatches(impatient_dynamodb, checkpoints_table, clock)

    @pytest.fixture
    def trouble(self, impatient_dynamodb: DynamoDBClient) -> Trouble:
        return OnTheWire(Wire(impatient_dynamodb))
