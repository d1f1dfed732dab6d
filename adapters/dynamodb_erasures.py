"""The marks of erasures in DynamoDB, beside the checkpoints of the user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from adapters.attribute_values import Item
from adapters.aws_failures import code_of, translated
from adapters.dynamodb_items import StoredItem, as_instant, as_text, as_texts
from adapters.dynamodb_updates import Update
from domain.erasures import Erased, Erasure
from domain.ports import Clock, ErasureLedger

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient

ERASED = "erased#"
"""What the sort keys of marks begin with."""
USER = f"{ERASED}user"
_CUSTOMER = f"{ERASED}customer#"
_LIFTED = "liftedAt"
_REFUSED = "ConditionalCheckFailedException"


@dataclass(frozen=True, slots=True)
class DynamoErasures(ErasureLedger):
    """Marks in the checkpoints table. Retries belong to the client."""

    client: DynamoDBClient
    table: str
    clock: Clock

    def begin(self, asked: Erasure) -> Erasure:
        condition, values = "attribute_not_exists(userId)", None
        mark = asked
        while True:
            stored = self._put(mark, condition, values)
            if stored is None:
                return mark
            mark = stored.asked_again(asked)
            if mark == stored:
                return stored
            # Somebody else may widen it at the same time.
            condition, values = "since = :seen", {":seen": as_instant(stored.since)}

    def advance(self, mark: Erasure) -> None:
        sets: Item = {}
        if mark.after is not None:
            sets["after"] = as_text(mark.after)
        if mark.done_at is not None:
            sets["doneAt"] = as_instant(mark.done_at)
        self._update(mark.user_id, _sort_key(mark), sets, since=as_instant(mark.since))

    def stands(self, mark: Erasure) -> bool:
        stored = self._find(mark.user_id, _sort_key(mark))
        return stored is not None and (stored.since, stored.lifted_at) == (mark.since, None)

    def lift(self, user_id: str) -> bool:
        stored = self._find(user_id, USER)
        if stored is None or stored.lifted_at is not None:
            return True
        if stored.done_at is None:
            return False
        sets = {_LIFTED: as_instant(self.clock.now())}
        return self._update(user_id, USER, sets, since=as_instant(stored.since))

    def of(self, user_id: str) -> Erased:
        marks = [_mark(item) for item in self._items(user_id)]
        customers = [mark for mark in marks if mark.customer_id is not None]
        return Erased(
            user=any(m.customer_id is None and m.lifted_at is None for m in marks),
            customers=frozenset(m.customer_id for m in customers if m.customer_id is not None),
            orders=frozenset(order for mark in customers for order in mark.order_ids),
        )

    def purge_of(self, user_id: str) -> Erasure | None:
        stored = self._find(user_id, USER)
        return None if stored is None or stored.lifted_at is not None else stored

    def _put(self, mark: Erasure, condition: str, values: Item | None) -> Erasure | None:
        """Put the mark; the one that is stored, if the condition does not hold."""
        more: Any = {"ExpressionAttributeValues": values} if values else {}
        item = {**_key(mark.user_id, _sort_key(mark)), **_attributes(mark)}
        with self._translated():
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item=item,
                    ConditionExpression=condition,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **more,
                )
            except ClientError as error:
                if code_of(error) != _REFUSED:
                    raise
                answer: Any = error.response
                return _mark(answer.get("Item") or item)
        return None

    def _update(self, user_id: str, sort_key: str, sets: Item, **since: Any) -> bool:
        update = Update(sets, "#since = :since", since)
        with self._translated():
            try:
                self.client.update_item(
                    TableName=self.table, Key=_key(user_id, sort_key), **update.request()
                )
            except ClientError as error:
                if code_of(error) != _REFUSED:
                    raise
                return False
        return True

    def _find(self, user_id: str, sort_key: str) -> Erasure | None:
        with self._translated():
            answer = self.client.get_item(
                TableName=self.table, Key=_key(user_id, sort_key), ConsistentRead=True
            )
        return _mark(answer["Item"]) if "Item" in answer else None

    def _items(self, user_id: str) -> Iterator[Mapping[str, Any]]:
        request: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "userId = :user AND begins_with(syncType, :prefix)",
            "ExpressionAttributeValues": {":user": as_text(user_id), ":prefix": as_text(ERASED)},
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


def purge_key(user_id: str) -> Item:
    """Of the mark of the user's purge."""
    return _key(user_id, USER)


def purge_stands(item: Mapping[str, Any] | None) -> bool:
    """Whether that mark is there and was not lifted."""
    return item is not None and _LIFTED not in item


def _sort_key(mark: Erasure) -> str:
    return USER if mark.customer_id is None else f"{_CUSTOMER}{mark.customer_id}"


def _key(user_id: str, sort_key: str) -> Item:
    return {"userId": as_text(user_id), "syncType": as_text(sort_key)}


def _attributes(mark: Erasure) -> Item:
    item: Item = {"since": as_instant(mark.since), "requestId": as_text(mark.request_id)}
    if mark.order_ids:
        item["orderIds"] = as_texts(mark.order_ids)
    if mark.after is not None:
        item["after"] = as_text(mark.after)
    for name, moment in (("doneAt", mark.done_at), (_LIFTED, mark.lifted_at)):
        if moment is not None:
            item[name] = as_instant(moment)
    return item


def _mark(item: Mapping[str, Any]) -> Erasure:
    user_id, sort_key = item["userId"]["S"], item["syncType"]["S"]
    stored = StoredItem(f"the mark {sort_key.partition('#')[0]} of user {user_id}", item)
    return Erasure(
        user_id=user_id,
        customer_id=None if sort_key == USER else sort_key.removeprefix(_CUSTOMER),
        order_ids=stored.texts("orderIds") if stored.has("orderIds") else (),
        since=stored.instant("since"),
        after=stored.optional_text("after"),
        done_at=stored.optional_instant("doneAt"),
        request_id=stored.optional_text("requestId") or "",
        lifted_at=stored.optional_instant(_LIFTED),
    )
