"""A checkpoint store in DynamoDB, and its table as others see it."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from adapters.dynamodb_checkpoints import DynamoCheckpoints
from domain.checkpoints import Checkpoint, RunStatus
from tests.builders import NOW, USER
from tests.contracts.checkpoint_stores import TTL
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def completed(held: Checkpoint) -> Checkpoint:
    return replace(held, status=RunStatus.COMPLETED, completed_at=NOW, lease=None)


class Stored:
    """An item of the table as others see it."""

    def __init__(self, client: DynamoDBClient, table: str, sort_key: str = "manual") -> None:
        self.client = client
        self.table = table
        self.key: Any = {"userId": {"S": USER}, "syncType": {"S": sort_key}}

    def item(self) -> dict[str, Any]:
        return dict(self.client.get_item(TableName=self.table, Key=self.key)["Item"])

    def edit(self, name: str, value: dict[str, Any] | None) -> None:
        """Somebody sets the attribute, or removes it."""
        expression = "SET #n = :v" if value else "REMOVE #n"
        values: Any = {"ExpressionAttributeValues": {":v": value}} if value else {}
        self.client.update_item(
            TableName=self.table,
            Key=self.key,
            UpdateExpression=expression,
            ExpressionAttributeNames={"#n": name},
            **values,
        )


@pytest.fixture
def checkpoints(dynamodb: DynamoDBClient, checkpoints_table: str) -> DynamoCheckpoints:
    numbers = count(1)
    return DynamoCheckpoints(
        dynamodb, checkpoints_table, TTL, FakeClock(), lambda: f"write-{next(numbers)}"
    )


@pytest.fixture
def seen_by_others(dynamodb: DynamoDBClient, checkpoints_table: str) -> Stored:
    return Stored(dynamodb, checkpoints_table)
