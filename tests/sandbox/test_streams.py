"""What a table's stream tells of the writes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.processes import Sandbox

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "streamed"


def records(**options: Any) -> list[Any]:
    client: Any = boto3.client
    streams = client("dynamodbstreams", **options)
    (stream,) = streams.list_streams(TableName=TABLE)["Streams"]
    arn = stream["StreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    start = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )
    found = streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
    streams.close()
    return [(each["dynamodb"].get("OldImage"), each["dynamodb"].get("NewImage")) for each in found]


def update(item: str, number: int, **more: Any) -> Any:
    return {
        "Update": {
            "TableName": TABLE,
            "Key": {"id": {"S": item}},
            "UpdateExpression": "SET n = :n",
            "ExpressionAttributeValues": {":n": {"N": str(number)}},
            **more,
        }
    }


class TestAStream:
    def test_tells_each_write_and_nothing_that_a_transaction_undid(self, sandbox: Sandbox) -> None:
        options: dict[str, Any] = {
            "endpoint_url": sandbox.aws_url,
            "region_name": "us-east-1",
            "aws_access_key_id": "sandbox",
            "aws_secret_access_key": "sandbox",
        }
        client: DynamoDBClient = boto3.client("dynamodb", **options)
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        one, three = ({"id": {"S": "a"}, "n": {"N": n}} for n in ("1", "3"))
        client.put_item(TableName=TABLE, Item=one)
        with pytest.raises(ClientError):
            client.transact_write_items(
                TransactItems=[
                    update("a", 2),
                    update("b", 2, ConditionExpression="attribute_exists(id)"),
                ]
            )
        client.transact_write_items(TransactItems=[update("a", 3)])
        client.close()

        told = records(**options)
        assert [new for _, new in told] == [one, three]
        assert told[-1][0] == one
