"""Lists and maps in an item: the sandbox leaves them as they came until somebody looks inside."""

import copy
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.processes import Sandbox

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

UNIQUE = count(1)
KEY: Any = {"userId": {"S": "user"}}
LINES: Any = {
    "L": [
        {"M": {"title": {"S": "Café"}, "price": {"N": "10.5"}, "gift": {"BOOL": False}}},
        {"M": {"title": {"NULL": True}, "taxes": {"L": [{"SS": ["a"]}]}, "B": {"S": '"B"'}}},
    ]
}


@pytest.fixture(scope="module")
def dynamodb(sandbox: Sandbox) -> Iterator["DynamoDBClient"]:
    client = boto3.client(
        "dynamodb",
        endpoint_url=sandbox.aws_url,
        region_name="us-east-1",
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
        config=Config(retries={"max_attempts": 1}),
    )
    yield client
    client.close()


class Items:
    """A table with one item in it."""

    def __init__(self, client: "DynamoDBClient") -> None:
        self.client = client
        self.table = f"nested-{next(UNIQUE)}"
        client.create_table(
            TableName=self.table,
            KeySchema=[{"AttributeName": "userId", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "userId", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.put(goods=LINES)

    def put(self, **attributes: Any) -> None:
        self.client.put_item(TableName=self.table, Item={**KEY, **attributes})

    def get(self, **more: Any) -> Any:
        return self.client.get_item(TableName=self.table, Key=KEY, **more)["Item"]

    def update(self, expression: str, **values: Any) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "Key": KEY,
            "UpdateExpression": expression,
            "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()},
        }


@pytest.fixture
def items(dynamodb: "DynamoDBClient") -> Items:
    return Items(dynamodb)


class TestANestedValue:
    def test_comes_back_as_it_was_put(self, items: Items) -> None:
        assert items.get()["goods"] == LINES
        assert items.client.scan(TableName=items.table)["Items"] == [{**KEY, "goods": LINES}]

    def test_is_reached_by_a_path(self, items: Items) -> None:
        held: Any = {"M": {"goods": LINES, "tags": {"L": []}}}
        items.put(held=held)
        found = items.get(ProjectionExpression="held.goods")
        assert found["held"] == {"M": {"goods": LINES}}
        assert items.get()["held"] == held

    def test_changes_in_its_own_item_only(self, items: Items) -> None:
        other = Items(items.client)
        change = items.update("SET goods[0].title = :new", new={"S": "Tea"})
        items.client.update_item(**change)

        found = items.get()["goods"]["L"]

        expected = copy.deepcopy(LINES["L"])
        expected[0]["M"]["title"] = {"S": "Tea"}
        assert found == expected
        assert other.get()["goods"] == LINES

    def test_is_as_before_after_a_transaction_that_failed(self, items: Items) -> None:
        change = items.update("SET goods[0].title = :new", new={"S": "Tea"})
        missing = {"TableName": items.table, "Key": {"userId": {"S": "nobody"}}}
        there: Any = {**missing, "ConditionExpression": "attribute_exists(userId)"}
        actions: Any = [{"Update": change}, {"ConditionCheck": there}]
        with pytest.raises(ClientError, match="TransactionCanceled"):
            items.client.transact_write_items(TransactItems=actions)
        assert items.get()["goods"] == LINES

    def test_may_hold_bytes(self, items: Items) -> None:
        held: Any = {"M": {"deep": {"L": [{"B": b"\x00\xff"}]}, "set": {"BS": [b"\x01"]}}}
        items.put(held=held)
        assert items.get()["held"] == held

    def test_is_compared(self, items: Items) -> None:
        for other, is_found in ((LINES, True), ({"L": LINES["L"][:1]}, False)):
            found = items.client.scan(
                TableName=items.table,
                FilterExpression="goods = :goods",
                ExpressionAttributeValues={":goods": other},
            )
            assert (found["Count"] == 1) is is_found

    def test_is_counted(self, items: Items) -> None:
        found = items.client.scan(
            TableName=items.table,
            FilterExpression="size(goods) = :two",
            ExpressionAttributeValues={":two": {"N": "2"}},
        )
        assert found["Count"] == 1
