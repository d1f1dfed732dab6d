"""The sparse index of what is open: running runs and failed batches, never the whole table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from adapters.aws_failures import translated
from adapters.dynamodb_items import as_instant, as_number, as_text

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient

INDEX = "open-work"


@dataclass(frozen=True, slots=True)
class OpenWork:
    """Items of one kind, by when they became open. The index lags behind the table by seconds."""

    client: DynamoDBClient
    table: str
    kind: str

    def all(self) -> dict[str, Any]:
        """Ask for every item of the kind."""
        return {
            "KeyConditionExpression": "openKind = :kind",
            "ExpressionAttributeValues": {":kind": as_text(self.kind)},
        }

    def since_before(self, instant: datetime, now_seconds: int) -> dict[str, Any]:
        """Ask for items open since before the instant whose time is not over."""
        return {
            "KeyConditionExpression": "openKind = :kind AND openSince < :instant",
            "FilterExpression": "attribute_not_exists(expiresAt) OR expiresAt > :now",
            "ExpressionAttributeValues": {
                ":kind": as_text(self.kind),
                ":instant": as_instant(instant),
                ":now": as_number(now_seconds),
            },
        }

    def keys(self, asked: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """User id and sort key of each, longest open first; reads page after page."""
        for page in self._pages({**asked, "ProjectionExpression": "userId, syncType"}):
            for item in page["Items"]:
                yield item["userId"]["S"], item["syncType"]["S"]

    def count(self, asked: dict[str, Any]) -> int:
        return sum(page["Count"] for page in self._pages({**asked, "Select": "COUNT"}))

    def _pages(self, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        request = {"TableName": self.table, "IndexName": INDEX, **asked}
        while True:
            with translated(f"index {INDEX} of table {self.table}"):
                page: dict[str, Any] = {**self.client.query(**request)}
            yield page
            if not page.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
