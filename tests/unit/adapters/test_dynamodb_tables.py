"""The tables: created, and inspected."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from adapters.dynamodb_checkpoints import DynamoCheckpoints
from adapters.dynamodb_tables import TableDesign, TableNames, create_tables, inspect_tables
from domain.failures import Permanent
from tests.builders import KEY, a_run
from tests.contracts.checkpoint_stores import TTL
from tests.dynamodb import Wire
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NUMBERS = count(1)


@pytest.fixture
def names() -> TableNames:
    number = next(_NUMBERS)
    return TableNames(f"checkpoints-{number}", f"orders-{number}", f"shops-{number}")


def problems(client: DynamoDBClient, names: TableNames) -> list[str]:
    found = inspect_tables(client, names)
    assert all(problem.mend for problem in found)
    return [problem.what for problem in found]


class TestCreating:
    def test_makes_tables_that_have_no_problem(
        self, dynamodb: DynamoDBClient, names: TableNames
    ) -> None:
        assert create_tables(dynamodb, names) == (
            f"table {names.checkpoints} created",
            f"table {names.checkpoints}: items expire by expiresAt",
            f"table {names.orders} created",
            f"table {names.shops} created",
        )
        assert problems(dynamodb, names) == []

    def test_makes_tables_that_can_be_used(
        self, dynamodb: DynamoDBClient, names: TableNames
    ) -> None:
        create_tables(dynamodb, names)
        store = DynamoCheckpoints(dynamodb, names.checkpoints, TTL, FakeClock(), lambda: "write")
        store.begin(a_run())
        assert store.find(KEY) is not None

    def test_changes_nothing_the_second_time(
        self, dynamodb: DynamoDBClient, names: TableNames
    ) -> None:
        create_tables(dynamodb, names)
        assert create_tables(dynamodb, names) == (
            f"table {names.checkpoints} exists",
            f"table {names.orders} exists",
            f"table {names.shops} exists",
        )

    def test_switches_on_the_expiry_of_a_table_that_exists(
        self, dynamodb: DynamoDBClient, names: TableNames
    ) -> None:
        design = TableDesign(names.checkpoints, ("userId", "syncType"), open_work=True)
        dynamodb.create_table(**design.definition())
        done = create_tables(dynamodb, names)
        assert done[:2] == (
            f"table {names.checkpoints} exists",
            f"table {names.checkpoints}: items expire by expiresAt",
        )

    def test_says_what_is_not_allowed(self, dynamodb: DynamoDBClient, names: TableNames) -> None:
        Wire(dynamodb).fail("CreateTable", "AccessDeniedException")
        with pytest.raises(Permanent) as caught:
            create_tables(dynamodb, names)
        assert caught.value.message == (
            f"table {names.checkpoints}: AccessDeniedException at CreateTable"
        )


class TestInspecting:
    def spoilt(self, client: DynamoDBClient, names: TableNames, **changes: Any) -> list[str]:
        """The problems of a checkpoints table that somebody made otherwise."""
        client.create_table(
            **TableDesign(names.orders, ("userId", "orderId")).definition(),
        )
        client.create_table(**TableDesign(names.shops, ("userId",)).definition())
        design = TableDesign(names.checkpoints, ("userId", "syncType"), open_work=True)
        definition = {**design.definition(), **changes}
        client.create_table(**{k: v for k, v in definition.items() if v is not None})
        return problems(client, names)

    def test_finds_tables_that_do_not_exist(
        self, dynamodb: DynamoDBClient, names: TableNames
    ) -> None:
        assert problems(dynamodb, names) == [
            f"table {names.checkpoints} does not exist",
            f"table {names.orders} does not exist",
            f"table {names.shops} does not exist",
        ]

    def test_finds_that_nothing_expires(self, dynamodb: DynamoDBClient, names: TableNames) -> None:
        (problem,) = self.spoilt(dynamodb, names)
        assert "keeps checkpoints for ever" in problem

    def test_finds_that_the_index_is_missing(
        self, dynamodb: DynamoDBClient, names: TableNames
    ) -> None:
        keys = [{"AttributeName": n, "AttributeType": "S"} for n in ("userId", "syncType")]
        found = self.spoilt(dynamodb, names, GlobalSecondaryIndexes=None, AttributeDefinitions=keys)
        assert f"table {names.checkpoints} has no index open-work" in found

    def test_finds_that_the_index_shows_no_expiry(
        self, dynamodb: DynamoDBClient, names: TableNames
    ) -> None:
        (index,) = TableDesign("", (), open_work=True).definition()["GlobalSecondaryIndexes"]
        keys_only = {**index, "Projection": {"ProjectionType": "KEYS_ONLY"}}
        found = self.spoilt(dynamodb, names, GlobalSecondaryIndexes=[keys_only])
        assert f"index open-work of table {names.checkpoints} is not as it should be" in found

    def test_finds_other_keys(self, dynamodb: DynamoDBClient, names: TableNames) -> None:
        dynamodb.create_table(**TableDesign(names.orders, ("userId", "id")).definition())
        found = problems(dynamodb, names)
        assert f"table {names.orders} has other keys than userId and orderId" in found

    def test_says_what_is_not_allowed(self, dynamodb: DynamoDBClient, names: TableNames) -> None:
        Wire(dynamodb).fail("DescribeTable", "AccessDeniedException")
        with pytest.raises(Permanent):
            inspect_tables(dynamodb, names)
