"""Failed batches in DynamoDB, beside the checkpoints they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from adapters.attribute_values import Item
from adapters.aws_failures import code_of, translated
from adapters.dynamodb_items import StoredItem, as_instant, as_number, as_text, as_texts
from adapters.dynamodb_open_work import OpenWork
from adapters.dynamodb_updates import Update
from domain.failed_batches import FailedBatch
from domain.messages import RunKey, SyncType
from domain.ports import Clock, FailedBatchStore

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient

OPEN_BATCH = "failed-batch"
"""The partition of the open-work index that holds failed batches."""

_BATCH_ID = re.compile(r"(?P<type>[a-z]+)#(?P<run>.+)#(?P<page>\d+)#(?P<batch>\d+)_failed_orders")
_REFUSED = "ConditionalCheckFailedException"


@dataclass(frozen=True, slots=True)
class DynamoFailedBatches(FailedBatchStore):
    """Failed batches in the checkpoints table. Retries belong to the client."""

    client: DynamoDBClient
    table: str
    clock: Clock

    def add(self, batch: FailedBatch) -> FailedBatch:
        while True:
            stored = self._put_or_stored(batch)
            if stored is None:
                return batch
            if stored.order_ids == batch.order_ids:
                return stored  # a page that is worked on again, or a retry after a lost answer
            batch = replace(batch, batch=batch.batch + 1)

    def find(self, key: RunKey, batch_id: str) -> FailedBatch | None:
        if not _names_a_batch(key, batch_id):
            return None
        with self._translated():
            answer = self.client.get_item(
                TableName=self.table, Key=_item_key(key, batch_id), ConsistentRead=True
            )
        return _batch(answer["Item"]) if "Item" in answer else None

    def of(self, key: RunKey) -> tuple[FailedBatch, ...]:
        batches = (
            _batch(item) for item in self._items(key) if _names_a_batch(key, item["syncType"]["S"])
        )
        return tuple(sorted(batches, key=lambda b: (b.created_at, b.run_id, b.page, b.batch)))

    def update(self, batch: FailedBatch) -> None:
        update = Update(
            {**_attributes(batch), "updatedAt": as_instant(self.clock.now())},
            "attribute_exists(#userId)",
        )
        key = _item_key(batch.key, batch.batch_id)
        with self._translated():
            try:
                self.client.update_item(TableName=self.table, Key=key, **update.request())
            except ClientError as error:
                if code_of(error) != _REFUSED:
                    raise

    def remove(self, batch: FailedBatch) -> None:
        with self._translated():
            self.client.delete_item(TableName=self.table, Key=_item_key(batch.key, batch.batch_id))

    def count(self) -> int:
        batches = OpenWork(self.client, self.table, OPEN_BATCH)
        return batches.count(batches.all())

    def _put_or_stored(self, batch: FailedBatch) -> FailedBatch | None:
        """Put the batch at its place; the one that has the place, if it is taken."""
        key = _item_key(batch.key, batch.batch_id)
        now = as_instant(self.clock.now())
        with self._translated():
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item={**key, **_attributes(batch), "updatedAt": now},
                    ConditionExpression="attribute_not_exists(userId)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if code_of(error) != _REFUSED:
                    raise
                answer: Any = error.response
                return _batch({**key, **answer.get("Item", {})})
        return None

    def _items(self, key: RunKey) -> Iterator[Mapping[str, Any]]:
        request: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "userId = :user AND begins_with(syncType, :prefix)",
            "ExpressionAttributeValues": {
                ":user": as_text(key.user_id),
                ":prefix": as_text(f"{key.sync_type}#"),
            },
            "ConsistentRead": True,
        }
        while True:
            with self._translated():
                page = self.client.query(**request)
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _translated(self) -> AbstractContextManager[None]:
        return translated(f"table {self.table}")


def _item_key(key: RunKey, batch_id: str) -> Item:
    return {"userId": as_text(key.user_id), "syncType": as_text(batch_id)}


def _names_a_batch(key: RunKey, batch_id: str) -> bool:
    parts = _BATCH_ID.fullmatch(batch_id)
    return parts is not None and parts["type"] == key.sync_type


def _attributes(batch: FailedBatch) -> Item:
    return {
        "orderIds": as_texts(batch.order_ids),
        "reason": as_text(batch.reason),
        "error": as_text(batch.error),
        "attempts": as_number(batch.attempts),
        "createdAt": as_instant(batch.created_at),
        "shop": as_text(batch.shop),
        "openKind": as_text(OPEN_BATCH),
        "openSince": as_instant(batch.created_at),
    }


def _batch(item: Mapping[str, Any]) -> FailedBatch:
    user_id, batch_id = item["userId"]["S"], item["syncType"]["S"]
    stored = StoredItem(f"the failed batch {batch_id} of user {user_id}", item)
    parts = _BATCH_ID.fullmatch(batch_id)
    if parts is None:
        raise stored.unreadable("syncType")
    try:
        return FailedBatch(
            key=RunKey(user_id, SyncType(parts["type"])),
            run_id=parts["run"],
            page=int(parts["page"]),
            batch=int(parts["batch"]),
            order_ids=stored.texts("orderIds"),
            reason=stored.text("reason"),
            error=stored.text("error"),
            created_at=stored.instant("createdAt"),
            shop=stored.text("shop"),
            attempts=stored.number("attempts", default=1),
        )
    except ValueError:
        raise stored.unreadable("orderIds") from None
