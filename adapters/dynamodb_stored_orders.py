"""Which version of each order is stored: read before writing, a twentieth of a write's price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.dynamodb_order_calls import PatientCalls, Rest
from adapters.dynamodb_order_items import digest
from domain.orders import Order

READ_SIZE = 100
"""The most keys BatchGetItem takes."""


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """What is known of a stored order; None where it was not read or cannot be."""

    updated_at: datetime | None = None
    digest: str | None = None

    def supersedes(self, order: Order) -> bool:
        """Whether the order needs no write: what is stored is later, or the same."""
        if self.updated_at is None or self.updated_at < order.updated_at:
            return False
        if self.updated_at > order.updated_at:
            return True
        return self.digest is not None and self.digest == digest(order)


def stored_versions(
    client: Any, table: str, calls: PatientCalls, keys: Sequence[tuple[str, str]]
) -> dict[str, StoredVersion]:
    """The stored version of each order (by id) of these (user id, order id) that may be stored.

    Raises botocore's error if the table cannot be read. What DynamoDB keeps leaving unprocessed
    may be stored in any version.
    """
    versions: dict[str, StoredVersion] = {}

    def read(chunk: Sequence[tuple[str, str]]) -> Rest[tuple[str, str]]:
        answer = client.batch_get_item(RequestItems={table: _request(chunk)})
        for item in answer.get("Responses", {}).get(table, ()):
            versions[item["orderId"]["S"]] = _version(item)
        return Rest(list(_unprocessed(answer, table)))

    for start in range(0, len(keys), READ_SIZE):
        given_up = calls.send(keys[start : start + READ_SIZE], read)
        if given_up and given_up.error:
            raise given_up.error
        if given_up:
            versions.update((order_id, StoredVersion()) for _, order_id in given_up.parts)
    return versions


def _request(keys: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "Keys": [{"userId": {"S": user}, "orderId": {"S": order}} for user, order in keys],
        "ProjectionExpression": "orderId, updatedAt, digest",
        "ConsistentRead": True,
    }


def _unprocessed(answer: Mapping[str, Any], table: str) -> Iterator[tuple[str, str]]:
    for key in answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", ()):
        yield key["userId"]["S"], key["orderId"]["S"]


def _version(item: Mapping[str, Any]) -> StoredVersion:
    try:
        moment = datetime.fromisoformat(item["updatedAt"]["S"])
    except (KeyError, ValueError):
        return StoredVersion()
    if moment.tzinfo is None:
        return StoredVersion()
    return StoredVersion(moment.astimezone(UTC), item.get("digest", {}).get("S"))
