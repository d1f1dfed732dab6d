"""The queues and tables as anybody but a worker sees them: not through the faults."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBServiceResource
    from mypy_boto3_sqs import SQSClient

CHECKPOINTS, ORDERS, SHOPS = "sync_checkpoints", "orders", "shops"
_DEPTHS: Any = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message of the dead-letter queue."""

    reason: str
    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Aws:
    """For one thread."""

    sqs: SQSClient
    dynamodb: DynamoDBServiceResource
    streams: Any
    source: str
    dlq: str

    @classmethod
    def at(cls, environment: Mapping[str, str]) -> Aws:
        options: Any = {
            "endpoint_url": environment["AWS_ENDPOINT_URL"],
            "region_name": environment["AWS_REGION"],
            "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
        }
        client: Any = boto3.client
        return cls(
            boto3.client("sqs", **options),
            boto3.resource("dynamodb", **options),
            client("dynamodbstreams", **options),
            environment["SYNC_QUEUE_URL"],
            environment["SYNC_DLQ_URL"],
        )

    def publish(self, message: Mapping[str, object]) -> None:
        self.sqs.send_message(QueueUrl=self.source, MessageBody=json.dumps(message))

    def depth(self) -> int:
        """Messages in the source queue: visible, hidden and delayed."""
        answer: Any = self.sqs.get_queue_attributes(
            QueueUrl=self.source, AttributeNames=list(_DEPTHS)
        )
        return sum(int(value) for value in answer["Attributes"].values())

    def dead_letters(self) -> Iterator[DeadLetter]:
        """Each; takes them out."""
        while True:
            messages = self.sqs.receive_message(
                QueueUrl=self.dlq, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
            ).get("Messages", [])
            if not messages:
                return
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.dlq, ReceiptHandle=message["ReceiptHandle"])
                reason = message["MessageAttributes"]["reason"]["StringValue"]
                yield DeadLetter(reason, json.loads(message["Body"]))

    def connect(self, user: str, shop: str, token: str) -> None:
        now = datetime.now(UTC).isoformat()
        item = {"userId": user, "shop": shop, "accessToken": token, "status": "connected"}
        self.dynamodb.Table(SHOPS).put_item(Item={**item, "updatedAt": now})

    def checkpoint(self, user: str, sync_type: str) -> Mapping[str, Any]:
        """The item, empty if there is none."""
        key = {"userId": user, "syncType": sync_type}
        table = self.dynamodb.Table(CHECKPOINTS)
        return table.get_item(Key=key, ConsistentRead=True).get("Item", {})

    def stored(self, user: str) -> list[tuple[str, datetime]]:
        """Id and update time of each item that the user has in the orders table."""
        return [
            (str(item["orderId"]), datetime.fromisoformat(str(item["updatedAt"])))
            for item in self._orders(user)
        ]

    def failed_orders(self, user: str) -> set[str]:
        """Ids of the user's orders that are named in failed batches."""
        return {
            order
            for (owner, _), batch in self.failed_batches().items()
            if owner == user
            for order in batch["orderIds"]
        }

    def failed_batches(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """By user and batch id."""
        pages = self.dynamodb.meta.client.get_paginator("scan").paginate(
            TableName=CHECKPOINTS, ConsistentRead=True
        )
        items: Any = (item for page in pages for item in page["Items"])
        return {
            (item["userId"], item["syncType"]): item
            for item in items
            if item["syncType"].endswith("_failed_orders")
        }

    def forget(self, user: str) -> None:
        """Remove the user's orders: they take memory."""
        with self.dynamodb.Table(ORDERS).batch_writer() as writer:
            for item in self._orders(user):
                writer.delete_item(Key={"userId": user, "orderId": item["orderId"]})

    def _orders(self, user: str) -> Iterator[Mapping[str, Any]]:
        pages = self.dynamodb.meta.client.get_paginator("query").paginate(
            TableName=ORDERS,
            KeyConditionExpression="userId = :u",
            ExpressionAttributeValues={":u": user},
            ProjectionExpression="orderId, updatedAt",
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]

    def record_checkpoints(self) -> None:
        """From now on the table keeps every version of every checkpoint, as a stream."""
        stream: Any = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        self.dynamodb.meta.client.update_table(TableName=CHECKPOINTS, StreamSpecification=stream)

    def recorded(self) -> Iterator[Mapping[str, Any]]:
        """What has been recorded, in the order of the writes."""
        table = self.dynamodb.meta.client.describe_table(TableName=CHECKPOINTS)["Table"]
        arn = table["LatestStreamArn"]
        (shard,) = self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        place = self.streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while True:
            answer = self.streams.get_records(ShardIterator=place, Limit=1000)
            if not answer["Records"]:
                return
            yield from (record["dynamodb"] for record in answer["Records"])
            place = answer["NextShardIterator"]
