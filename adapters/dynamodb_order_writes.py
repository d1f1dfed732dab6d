"""Writing orders: by batches, one by one under a condition, or by transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from adapters.aws_failures import cancellation_codes, code_of
from adapters.dynamodb_order_calls import GivenUp, PatientCalls, Rest
from adapters.dynamodb_order_items import OrderItem, moment_in
from domain.orders import BATCH_SIZE, FailedOrder, OrderFailure

LARGEST_BATCH = 12 * 1024 * 1024
"""Bytes of JSON; BatchWriteItem takes 16 MB."""
LARGEST_TRANSACTION = 3 * 1024 * 1024
"""Bytes of JSON; TransactWriteItems takes items of 4 MB together."""

_IN_THE_WAY = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
_REFUSED_ITEM = frozenset({"ValidationError", "ItemCollectionSizeLimitExceeded"})


@dataclass(frozen=True, slots=True)
class OrderWrites:
    """Writes of one page; what could not be stored is collected in `failed`.

    Orders in `overtaken` were written by somebody else since they were read: look again.

    The client takes `msgspec.Raw` for an item, see `send_fast_bodies`.
    """

    client: Any
    table: str
    calls: PatientCalls
    failed: list[FailedOrder] = field(default_factory=list)
    overtaken: set[str] = field(default_factory=set)

    def put_new(self, items: Sequence[OrderItem]) -> None:
        """Store orders that are not stored yet, 25 a call."""
        for chunk in _chunks(items, LARGEST_BATCH):
            self._send(chunk, self._batch)

    def put_if_newer(self, items: Sequence[OrderItem]) -> None:
        """Store orders unless a later version is stored, each by a call of its own."""
        for item in items:
            self._send([item], self._put)

    def transact(self, items: Sequence[OrderItem]) -> None:
        """Store orders unless a later version is stored, 25 a call."""
        for chunk in _chunks(items, LARGEST_TRANSACTION):
            self._send(chunk, self._transaction)

    def _send(
        self,
        items: Sequence[OrderItem],
        call: Callable[[Sequence[OrderItem]], Rest[OrderItem] | None],
    ) -> None:
        """Send; where DynamoDB refuses the whole because of one item, look for it by halves."""
        try:
            given_up = self.calls.send(items, call)
        except ClientError as error:
            if code_of(error) != "ValidationException":
                raise
            if len(items) == 1:
                self.failed.append(_unfit(items[0], str(error)))
                return
            middle = len(items) // 2
            self._send(items[:middle], call)
            self._send(items[middle:], call)
            return
        if given_up:
            self._fail(given_up)

    def _fail(self, given_up: GivenUp[OrderItem]) -> None:
        for item in given_up.parts:
            self.failed.append(FailedOrder(item.order_id, given_up.failure, given_up.reason))

    def _batch(self, items: Sequence[OrderItem]) -> Rest[OrderItem]:
        writes = [{"PutRequest": {"Item": item.json}} for item in items]
        answer = self.client.batch_write_item(RequestItems={self.table: writes})
        unprocessed = {
            write["PutRequest"]["Item"]["orderId"]["S"]
            for write in answer.get("UnprocessedItems", {}).get(self.table, ())
        }
        return Rest([item for item in items if item.order_id in unprocessed])

    def _put(self, items: Sequence[OrderItem]) -> None:
        try:
            self.client.put_item(**self._conditional_put(items[0]))
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            self._refused(items[0], error.response)

    def _transaction(self, items: Sequence[OrderItem]) -> Rest[OrderItem] | None:
        try:
            self.client.transact_write_items(
                TransactItems=[{"Put": self._conditional_put(item)} for item in items]
            )
        except ClientError as error:
            codes = cancellation_codes(error)
            if len(codes) != len(items):
                raise
            return self._after_cancellation(items, error.response["CancellationReasons"])
        return None

    def _after_cancellation(self, items: Sequence[OrderItem], reasons: Any) -> Rest[OrderItem]:
        """Nothing was written: send again what did not itself cancel the transaction for good."""
        rest = []
        for item, reason in zip(items, reasons, strict=True):
            code = reason.get("Code")
            if code in _REFUSED_ITEM:
                self.failed.append(_unfit(item, code))
            elif code == "ConditionalCheckFailed":
                self._refused(item, reason)
            else:
                rest.append(item)
        in_the_way = _IN_THE_WAY.intersection(reason.get("Code") for reason in reasons)
        return Rest(rest, "throttled" if in_the_way else None)

    def _conditional_put(self, item: OrderItem) -> dict[str, Any]:
        condition, values = item.condition
        return {
            "TableName": self.table,
            "Item": item.json,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _refused(self, item: OrderItem, answer: Mapping[str, Any]) -> None:
        """A later version is there, which is well; or it is not what the item was made for."""
        stored = moment_in(answer.get("Item") or {})
        if stored is None or stored <= item.updated_at:
            self.overtaken.add(item.order_id)


def _unfit(item: OrderItem, error: str) -> FailedOrder:
    """DynamoDB's own text may quote the item: only what kind of refusal it is."""
    if "Item size" in error:
        return FailedOrder(
            item.order_id, OrderFailure.TOO_LARGE, "DynamoDB refuses the order: it is too large"
        )
    return FailedOrder(
        item.order_id, OrderFailure.INVALID, "DynamoDB refuses the order (ValidationException)"
    )


def _chunks(items: Sequence[OrderItem], largest: int) -> Iterator[list[OrderItem]]:
    """At most 25 items and about so many bytes each."""
    chunk: list[OrderItem] = []
    size = 0
    for item in items:
        length = len(memoryview(item.json))
        if chunk and (len(chunk) == BATCH_SIZE or size + length > largest):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += length
    if chunk:
        yield chunk
