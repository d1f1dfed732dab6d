"""Conditional writes of checkpoints: each takes effect at most once and knows whether it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from adapters.attribute_values import Item
from adapters.aws_failures import cancellation_codes, code_of, translated
from adapters.dynamodb_checkpoint_items import checkpoint, expired, item_key
from adapters.dynamodb_items import as_text
from adapters.dynamodb_updates import Update
from domain.checkpoints import Checkpoint
from domain.messages import RunKey
from domain.ports import Clock, Refused

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient

CONFLICTS_SAT_OUT = 3
"""Two runs of a user that complete at the same time collide on the watermark, for milliseconds."""

LONGEST_TOKEN = 36
"""Characters of a token that makes an attempt of a transaction the same as the one before."""

_REFUSED = "ConditionalCheckFailed"


@dataclass(frozen=True, slots=True)
class CheckpointWrites:
    """Writes to the checkpoints table.

    A retry after a lost answer fails its own condition. The item that comes back with the refusal
    then carries the `revision` of this very write: it took effect.
    """

    client: DynamoDBClient
    table: str
    clock: Clock

    def alive(self, key: RunKey, item: Mapping[str, Any] | None) -> Checkpoint | None:
        """The checkpoint in the item, unless its time is over."""
        if not item or expired(item, self.clock.now()):
            return None
        return checkpoint(key, item)

    def put(self, key: RunKey, item: Item, condition: str, values: Item) -> Checkpoint | Refused:
        with translated(f"table {self.table}"):
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item=item,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                return self._after(error, key, item)
        return checkpoint(key, item)

    def update(self, key: RunKey, update: Update) -> Checkpoint | Refused:
        with translated(f"table {self.table}"):
            try:
                answer = self.client.update_item(
                    TableName=self.table,
                    Key=item_key(key),
                    ReturnValues="ALL_NEW",
                    **update.request(),
                )
            except ClientError as error:
                return self._after(error, key, update.sets)
        return checkpoint(key, answer["Attributes"])

    def update_with(
        self, new: Checkpoint, update: Update, other: dict[str, Any]
    ) -> Checkpoint | Refused:
        """Apply both updates at once; without the other one, if only its condition fails."""
        mine = {"TableName": self.table, "Key": item_key(new.key), **update.request()}
        writes: Any = [{"Update": mine}, {"Update": other}]
        tries_left = CONFLICTS_SAT_OUT
        token = new.revision[:LONGEST_TOKEN]  # where bodies are ready-made botocore adds none
        with translated(f"table {self.table}"):
            while True:
                try:
                    self.client.transact_write_items(TransactItems=writes, ClientRequestToken=token)
                except ClientError as error:
                    tries_left -= 1
                    if "TransactionConflict" in cancellation_codes(error) and tries_left:
                        continue
                    return self._after_cancellation(error, new.key, update)
                return new

    def _after(self, error: ClientError, key: RunKey, written: Item) -> Checkpoint | Refused:
        if code_of(error) != "ConditionalCheckFailedException":
            raise error
        return self._instead(key, error.response.get("Item"), written)

    def _after_cancellation(
        self, error: ClientError, key: RunKey, update: Update
    ) -> Checkpoint | Refused:
        codes = cancellation_codes(error)
        if codes[:1] == [_REFUSED]:
            reasons: Any = error.response
            return self._instead(key, reasons["CancellationReasons"][0].get("Item"), update.sets)
        if codes == ["None", _REFUSED]:
            return self.update(key, update)
        raise error

    def _instead(self, key: RunKey, item: Any, written: Item) -> Checkpoint | Refused:
        """What is stored although our condition failed: perhaps it is our own write."""
        stored = self.alive(key, item)
        if stored and stored.revision and as_text(stored.revision) == written.get("revision"):
            return stored
        return Refused(stored)
