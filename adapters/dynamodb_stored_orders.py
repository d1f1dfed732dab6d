"""Which version of each order is stored: read before writing, a twentieth of a write's price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from adapters.dynamodb_order_calls import PatientCalls, Rest
from adapters.dynamodb_order_items import digest, moment_in
from adapters.stored_values import plain_values
from domain.erasures import Erased
from domain.orders import Json, Order
from domain.personal_data import PERSONAL, completed, redacted

READ_SIZE = 100
"""The most keys BatchGetItem takes."""
_VERSION = ("orderId", "updatedAt", "digest", "redactedAt")


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """What is known of a stored order; None where it was not read or cannot be."""

    updated_at: datetime | None = None
    digest: str | None = None
    personal: Mapping[str, Json] | None = None
    """The fields that a source may withhold, where they were asked for."""
    redacted_at: str | None = None
    """Since when it has been without its customer, by our own doing."""

    def held_against(self, erased: Erased, order: Order, now: str) -> StoredVersion:
        """The version with a mark that it is redacted now, if the order's customer was."""
        if self.redacted_at is not None or not erased:
            return self
        if erased.covers(order) or erased.names(self.personal or {}):
            return replace(self, redacted_at=now)
        return self

    def completed(self, order: Order) -> Order | None:
        """The order as it is to be stored here; None if that cannot be known.

        One that was redacted stays so, whatever is handed over; what was withheld stays as it is.
        """
        if self.redacted_at is not None:
            return redacted(order)
        if not order.withheld:
            return order
        return None if self.personal is None else completed(order, self.personal)

    def supersedes(self, order: Order) -> bool:
        """Whether the order needs no write: what is stored is later, or the same."""
        if self.updated_at is None or self.updated_at < order.updated_at:
            return False
        if self.updated_at > order.updated_at:
            return True
        return self.digest is not None and self.digest == digest(order)


NEW = StoredVersion(personal={})
"""Of an order that is not stored."""


def stored_versions(
    client: Any,
    table: str,
    calls: PatientCalls,
    keys: Sequence[tuple[str, str]],
    *,
    personal: bool = False,
) -> dict[str, StoredVersion]:
    """The stored version of each order (by id) of these (user id, order id) that may be stored.

    With what is stored of the customer, if `personal`.
    Raises botocore's error if the table cannot be read. What DynamoDB keeps leaving unprocessed
    may be stored in any version.
    """
    versions: dict[str, StoredVersion] = {}
    asked = ", ".join((*_VERSION, *PERSONAL) if personal else _VERSION)

    def read(chunk: Sequence[tuple[str, str]]) -> Rest[tuple[str, str]]:
        answer = client.batch_get_item(RequestItems={table: _request(chunk, asked)})
        for item in answer.get("Responses", {}).get(table, ()):
            versions[item["orderId"]["S"]] = _version(item, personal=personal)
        return Rest(list(_unprocessed(answer, table)))

    for start in range(0, len(keys), READ_SIZE):
        given_up = calls.send(keys[start : start + READ_SIZE], read)
        if given_up and given_up.error:
            raise given_up.error
        if given_up:
            versions.update((order_id, StoredVersion()) for _, order_id in given_up.parts)
    return versions


def _request(keys: Sequence[tuple[str, str]], asked: str) -> dict[str, Any]:
    return {
        "Keys": [{"userId": {"S": user}, "orderId": {"S": order}} for user, order in keys],
        "ProjectionExpression": asked,
        "ConsistentRead": True,
    }


def _unprocessed(answer: Mapping[str, Any], table: str) -> Iterator[tuple[str, str]]:
    for key in answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", ()):
        yield key["userId"]["S"], key["orderId"]["S"]


def _version(item: Mapping[str, Any], *, personal: bool) -> StoredVersion:
    return StoredVersion(
        updated_at=moment_in(item),
        digest=item.get("digest", {}).get("S"),
        personal=plain_values({n: item[n] for n in PERSONAL if n in item}) if personal else None,
        redacted_at=item.get("redactedAt", {}).get("S"),
    )
