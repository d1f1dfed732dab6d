"""Everything of a user in all tables, to be removed, or to lose one customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from adapters.attribute_values import Item, attribute_values
from adapters.aws_failures import code_of, translated
from adapters.dynamodb_erasures import USER
from adapters.dynamodb_items import as_instant, as_text
from adapters.dynamodb_order_items import OURS, digest, moment_in
from adapters.dynamodb_tables import TableNames
from adapters.stored_values import plain_values
from domain.erasures import Erased, Erasure
from domain.failures import Reason, Transient
from domain.orders import BATCH_SIZE, Order
from domain.personal_data import CUSTOMER, redacted
from domain.ports import Clock, UserRecords

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient

TRIES = 5
"""At an order that others write at the same time."""


@dataclass(frozen=True, slots=True)
class DynamoUserRecords(UserRecords):
    """Retries belong to the client; what it gives up is found again by the next call."""

    client: DynamoDBClient
    names: TableNames
    clock: Clock

    def remove_state(self, user_id: str) -> None:
        with translated(f"table {self.names.shops}"):
            self.client.delete_item(TableName=self.names.shops, Key={"userId": as_text(user_id)})
        start = None
        while True:
            page = self._page(self.names.checkpoints, user_id, "syncType", start)
            keys = [item for item in page["Items"] if item["syncType"]["S"] != USER]
            self._delete(self.names.checkpoints, keys)
            start = page.get("LastEvaluatedKey")
            if start is None:
                return
            if keys:
                start = None  # what came last in the page is gone

    def remove_orders(self, user_id: str, most: int) -> int:
        keys = self._page(self.names.orders, user_id, "orderId", None, most)["Items"]
        self._delete(self.names.orders, keys)
        return len(keys)

    def redact_orders(self, mark: Erasure, most: int) -> tuple[int, str | None]:
        asked = f"orderId, redactedAt, {CUSTOMER}"
        start = None if mark.after is None else _order_key(mark.user_id, mark.after)
        page = self._page(self.names.orders, mark.user_id, asked, start, most)
        erased = Erased(
            customers=frozenset({mark.customer_id or ""}), orders=frozenset(mark.order_ids)
        )
        found = [item["orderId"]["S"] for item in page["Items"] if _concerns(erased, item)]
        for order_id in found:
            self._redact(_order_key(mark.user_id, order_id), erased)
        last: Mapping[str, Any] | None = page.get("LastEvaluatedKey")
        return len(found), None if last is None else last["orderId"]["S"]

    def _redact(self, key: Item, erased: Erased) -> None:
        """Put the order without its customer in the place of the one that is stored just now."""
        for _ in range(TRIES):
            with self._of_orders():
                item: Any = self.client.get_item(
                    TableName=self.names.orders, Key=key, ConsistentRead=True
                ).get("Item")
                if item is None or not _concerns(erased, item) or self._replaced(item):
                    return
        raise Transient(Reason.DATABASE_ERROR, "an order changes too often to be redacted")

    def _replaced(self, item: Mapping[str, Any]) -> bool:
        try:
            self.client.put_item(
                TableName=self.names.orders,
                Item=self._without_customer(item),
                ConditionExpression="syncedAt = :seen AND attribute_not_exists(redactedAt)",
                ExpressionAttributeValues={":seen": item.get("syncedAt", as_text(""))},
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _without_customer(self, item: Mapping[str, Any]) -> dict[str, Any]:
        fields = plain_values({name: item[name] for name in item if name not in OURS})
        moment = moment_in(item) or self.clock.now()
        order = redacted(Order(item["orderId"]["S"], moment, fields))
        ours = {name: item[name] for name in item if name in OURS}
        ours["redactedAt"] = as_instant(self.clock.now())
        made = {**ours, **attribute_values(order.fields)}
        if content := digest(order):
            made["digest"] = as_text(content)
        return made

    def _page(
        self, table: str, user_id: str, asked: str, start: Any, most: int | None = None
    ) -> dict[str, Any]:
        """A page of the user's items: their keys and what was asked for."""
        names = ", ".join(dict.fromkeys(("userId", *asked.split(", "))))
        more: Any = {} if start is None else {"ExclusiveStartKey": start}
        if most is not None:
            more["Limit"] = most
        with translated(f"table {table}"):
            page: Any = self.client.query(
                TableName=table,
                KeyConditionExpression="userId = :user",
                ExpressionAttributeValues={":user": as_text(user_id)},
                ProjectionExpression=names,
                ConsistentRead=True,
                **more,
            )
        return dict(page)

    def _delete(self, table: str, keys: Sequence[Any]) -> None:
        """Raises `Transient` if DynamoDB has no room for it just now."""
        for start in range(0, len(keys), BATCH_SIZE):
            left: Any = [{"DeleteRequest": {"Key": k}} for k in keys[start : start + BATCH_SIZE]]
            with translated(f"table {table}"):
                for _ in range(TRIES):
                    answer = self.client.batch_write_item(RequestItems={table: left})
                    left = answer.get("UnprocessedItems", {}).get(table, [])
                    if not left:
                        break
            if left:
                raise Transient(Reason.DATABASE_ERROR, f"table {table}: throttled while erasing")

    def _of_orders(self) -> AbstractContextManager[None]:
        return translated(f"table {self.names.orders}")


def _concerns(erased: Erased, item: Mapping[str, Any]) -> bool:
    if "redactedAt" in item:
        return False
    fields = plain_values({CUSTOMER: item[CUSTOMER]}) if CUSTOMER in item else {}
    return item["orderId"]["S"] in erased.orders or erased.names(fields)


def _order_key(user_id: str, order_id: str) -> Item:
    return {"userId": as_text(user_id), "orderId": as_text(order_id)}
