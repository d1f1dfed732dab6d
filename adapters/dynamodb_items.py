"""Reading and writing the attributes of stored items; a person may have edited what is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.failures import Permanent, Reason

_INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"


def as_text(value: str) -> dict[str, str]:
    return {"S": value}


def as_number(value: int) -> dict[str, str]:
    return {"N": str(value)}


def as_texts(values: tuple[str, ...]) -> dict[str, Any]:
    return {"L": [as_text(value) for value in values]}


def instant_text(moment: datetime) -> str:
    """ISO 8601 in UTC, of a fixed width, so that the order of texts is that of instants."""
    return moment.astimezone(UTC).strftime(_INSTANT)


def as_instant(moment: datetime) -> dict[str, str]:
    return as_text(instant_text(moment))


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as DynamoDB returns it.

    Every method raises `Permanent` with reason database-error, naming the item and the attribute
    (never a value), if the attribute is not what it should be.
    """

    what: str
    attributes: Mapping[str, Any]

    def has(self, name: str) -> bool:
        return name in self.attributes

    def text(self, name: str) -> str:
        value = self._typed(name, "S")
        if not isinstance(value, str):
            raise self.unreadable(name)
        return value

    def number(self, name: str, default: int | None = None) -> int:
        if default is not None and not self.has(name):
            return default
        try:
            return int(self._typed(name, "N"))
        except (TypeError, ValueError):
            raise self.unreadable(name) from None

    def instant(self, name: str) -> datetime:
        try:
            moment = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise self.unreadable(name) from None
        if moment.tzinfo is None:
            raise self.unreadable(name)
        return moment.astimezone(UTC)

    def texts(self, name: str) -> tuple[str, ...]:
        values = self._typed(name, "L")
        if not isinstance(values, list) or not all("S" in value for value in values):
            raise self.unreadable(name)
        return tuple(value["S"] for value in values)

    def nested(self, name: str) -> StoredItem:
        return StoredItem(f"{self.what}, {name}", self._typed(name, "M"))

    def each_nested(self, name: str) -> tuple[StoredItem, ...]:
        values = self._typed(name, "L")
        if not isinstance(values, list) or not all("M" in value for value in values):
            raise self.unreadable(name)
        return tuple(StoredItem(f"{self.what}, {name}", value["M"]) for value in values)

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.has(name) else None

    def optional_number(self, name: str) -> int | None:
        return self.number(name) if self.has(name) else None

    def optional_instant(self, name: str) -> datetime | None:
        return self.instant(name) if self.has(name) else None

    def unreadable(self, name: str) -> Permanent:
        return Permanent(Reason.DATABASE_ERROR, f"{self.what}: the attribute {name} cannot be read")

    def _typed(self, name: str, kind: str) -> Any:
        try:
            return self.attributes[name][kind]
        except (KeyError, TypeError):
            raise self.unreadable(name) from None
