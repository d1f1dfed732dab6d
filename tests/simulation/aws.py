"""Clients of SQS and DynamoDB as a simulated process has them, retries included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from sandbox.strict_dynamodb.engine import StrictDynamoDB
from sandbox.strict_dynamodb.refusals import Refusal, invalid
from sandbox.strict_sqs.engine import StrictSqs
from sandbox.strict_sqs.refusals import Refused
from tests.simulation.network import Network
from tests.simulation.tasks import current
from tests.strict_dynamodb import client_error, plain

_PASSING = frozenset({"InternalServerError", "ThrottlingException"})
_WRITES = frozenset({"put_item", "batch_write_item", "transact_write_items"})


@dataclass(frozen=True, slots=True)
class Client:
    """Calls a service over the network; botocore's retries, the same request again each time."""

    network: Network
    attempts: int
    patience: float

    def call(self, operation: str, deliver: Callable[[], Any]) -> Any:
        for attempt in range(1, self.attempts + 1):
            fate = self.network.fate()
            try:
                return self.network.exchange(operation, fate, deliver, self.patience)
            except (ClientError, EndpointConnectionError, ReadTimeoutError) as error:
                if attempt == self.attempts or not _passes(error):
                    raise
            self._back_off(attempt)
        raise AssertionError("a client makes at least one attempt")

    def _back_off(self, attempt: int) -> None:
        task, course = current(), self.network.course
        if task is not None:
            task.wait(course.now + course.random.uniform(0, 2.0**attempt))


def _passes(error: Exception) -> bool:
    return not isinstance(error, ClientError) or error.response["Error"]["Code"] in _PASSING


@dataclass(frozen=True, slots=True)
class Sqs:
    """boto3's SQS client, as far as ours use it."""

    client: Client
    engine: StrictSqs

    def receive_message(self, **asked: Any) -> Any:
        return self._call("receive_message", {**asked, "WaitTimeSeconds": 1})

    def send_message(self, **asked: Any) -> Any:
        self.client.network.history.sends(asked)
        return self._call("send_message", asked)

    def delete_message(self, **asked: Any) -> Any:
        return self._call("delete_message", asked)

    def delete_message_batch(self, **asked: Any) -> Any:
        return self._call("delete_message_batch", asked)

    def change_message_visibility(self, **asked: Any) -> Any:
        return self._call("change_message_visibility", asked)

    def change_message_visibility_batch(self, **asked: Any) -> Any:
        return self._call("change_message_visibility_batch", asked)

    def get_queue_attributes(self, **asked: Any) -> Any:
        return self._call("get_queue_attributes", asked)

    def _call(self, operation: str, asked: dict[str, Any]) -> Any:
        def deliver() -> Any:
            try:
                answer = getattr(self.engine, operation)(**asked)
            except Refused as refused:
                raise _refusal(refused, operation) from None
            self.client.network.history.ledger.queue_changed(operation, asked)
            return answer

        return self.client.call(operation, deliver)


def _refusal(refused: Refused, operation: str) -> ClientError:
    answer: Any = refused.response
    return ClientError(answer, operation)


@dataclass(frozen=True, slots=True)
class Poison:
    """Orders that DynamoDB refuses, as if they were too large."""

    orders: set[str] = field(default_factory=set)

    def check(self, operation: str, asked: dict[str, Any]) -> None:
        if not self.orders or operation not in _WRITES:
            return
        bad = [item.get("orderId", {}).get("S") in self.orders for item in _items(asked)]
        if not any(bad):
            return
        if operation != "transact_write_items":
            raise invalid("Item size has exceeded the maximum allowed size")
        reasons = [{"Code": "ValidationError" if each else "None"} for each in bad]
        raise Refusal("TransactionCanceledException", "cancelled", CancellationReasons=reasons)


@dataclass(frozen=True, slots=True)
class DynamoDB:
    """boto3's DynamoDB client, as far as ours use it; takes `msgspec.Raw` for an item."""

    client: Client
    engine: StrictDynamoDB
    poison: Poison

    def get_item(self, **asked: Any) -> Any:
        return self._call("get_item", asked)

    def put_item(self, **asked: Any) -> Any:
        return self._call("put_item", asked)

    def update_item(self, **asked: Any) -> Any:
        return self._call("update_item", asked)

    def delete_item(self, **asked: Any) -> Any:
        return self._call("delete_item", asked)

    def query(self, **asked: Any) -> Any:
        return self._call("query", asked)

    def transact_write_items(self, **asked: Any) -> Any:
        """Botocore gives every call a token of its own, the same for each of its attempts."""
        token = f"token-{next(self.client.network.course.numbers)}"
        return self._call("transact_write_items", {**asked, "ClientRequestToken": token})

    def batch_get_item(self, **asked: Any) -> Any:
        ((table, wanted),) = asked["RequestItems"].items()
        done, rest = self.client.network.part(wanted["Keys"])
        request = {"RequestItems": {table: {**wanted, "Keys": done}}}
        answer = self._call("batch_get_item", request)
        if rest:
            answer = {**answer, "UnprocessedKeys": {table: {**wanted, "Keys": rest}}}
        return answer

    def batch_write_item(self, **asked: Any) -> Any:
        ((table, writes),) = plain(asked["RequestItems"]).items()
        done, rest = self.client.network.part(writes)
        answer = self._call("batch_write_item", {"RequestItems": {table: done}})
        return {**answer, "UnprocessedItems": {table: rest}} if rest else answer

    def _call(self, operation: str, asked: dict[str, Any]) -> Any:
        asked = plain(asked) if operation in _WRITES else asked
        history = self.client.network.history
        history.asks(operation, asked)

        def deliver() -> Any:
            try:
                self.poison.check(operation, asked)
                answer = getattr(self.engine, operation)(**asked)
            except Refusal as refusal:
                raise client_error(refusal, operation) from None
            return answer

        answer = self.client.call(operation, deliver)
        history.answered(operation, asked, answer)
        return answer


def _items(asked: dict[str, Any]) -> list[Any]:
    if "Item" in asked:
        return [asked["Item"]]
    if "TransactItems" in asked:
        return [next(iter(each.values())).get("Item", {}) for each in asked["TransactItems"]]
    return [
        write["PutRequest"]["Item"] for table in asked["RequestItems"].values() for write in table
    ]
