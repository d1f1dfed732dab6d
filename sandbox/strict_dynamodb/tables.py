"""A table: items by key, and sparse global indexes that lag behind it."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sandbox.aws.item_sizes import LARGEST_ITEM, are_larger_than
from sandbox.strict_dynamodb.conditions import Item
from sandbox.strict_dynamodb.refusals import invalid

Key: TypeAlias = tuple[str, ...]
Entry: TypeAlias = tuple[float, Key, Item | None]
LONGEST_KEYS = (2048, 1024)
"""Bytes of a partition key and of a sort key (Amazon DynamoDB quotas)."""


@dataclass(slots=True)
class Index:
    """Holds what has both of its keys; a write shows in it once its lag is over."""

    keys: tuple[str, ...]
    projected: frozenset[str] | None
    items: dict[Key, Item] = field(default_factory=dict)
    _coming: deque[Entry] = field(default_factory=deque)

    def follow(self, due: float, key: Key, item: Item | None) -> None:
        """The table's item changed; the index shows it from then on."""
        there = item is not None and all(name in item for name in self.keys)
        self._coming.append((due, key, self._projection(item) if there and item else None))

    def catch_up(self, now: float) -> None:
        while self._coming and self._coming[0][0] <= now:
            _, key, item = self._coming.popleft()
            if item is None:
                self.items.pop(key, None)
            else:
                self.items[key] = item

    def _projection(self, item: Item) -> Item:
        if self.projected is None:
            return item
        return {name: value for name, value in item.items() if name in self.projected}


@dataclass(slots=True)
class Table:
    """Items, each a mapping of attribute names to typed values that nobody changes in place."""

    name: str
    keys: tuple[str, ...]
    indexes: dict[str, Index]
    items: dict[Key, Item] = field(default_factory=dict)
    written: Callable[[str, Item | None, Item | None], None] = lambda _table, _old, _new: None

    def key(self, given: Item, *, exactly: bool = False) -> Key:
        """The key in the item; ValidationException if there is none or it is not one."""
        if exactly and given.keys() != set(self.keys):
            raise invalid("The provided key element does not match the schema")
        values = []
        for name, longest in zip(self.keys, LONGEST_KEYS, strict=False):
            text = given.get(name, {}).get("S")
            if not isinstance(text, str):
                raise invalid(
                    f"One or more parameter values were invalid: Missing the key {name} in the item"
                )
            if not 0 < len(text.encode()) <= longest:
                raise invalid(
                    "One or more parameter values are not valid. The AttributeValue for a key"
                    " attribute cannot contain an empty string value, or is too long"
                )
            values.append(text)
        return tuple(values)

    def checked(self, item: Item) -> Key:
        """The key of an item that could be stored; ValidationException for any other."""
        key = self.key(item)
        for index in self.indexes.values():
            for name in index.keys:
                if name in item and not item[name].get("S"):
                    raise invalid(f"Type mismatch for Index Key {name}")
        if are_larger_than(LARGEST_ITEM, [item]):
            raise invalid("Item size has exceeded the maximum allowed size")
        return key

    def store(self, key: Key, item: Item | None, due: float) -> None:
        """Put the item (None: delete it); indexes follow when they are due."""
        old = self.items.get(key)
        if item is None:
            self.items.pop(key, None)
        else:
            self.items[key] = item
        for index in self.indexes.values():
            index.follow(due, key, item)
        self.written(self.name, old, item)


def table_of(definition: Mapping[str, Any]) -> Table:
    """A table as CreateTable's arguments define it."""
    indexes = {
        each["IndexName"]: Index(
            _names(each["KeySchema"]),
            _projected(each["Projection"], _names(definition["KeySchema"]), each["KeySchema"]),
        )
        for each in definition.get("GlobalSecondaryIndexes", ())
    }
    return Table(definition["TableName"], _names(definition["KeySchema"]), indexes)


def _projected(
    projection: Mapping[str, Any], keys: Sequence[str], schema: Sequence[Mapping[str, str]]
) -> frozenset[str] | None:
    if projection["ProjectionType"] == "ALL":
        return None
    return frozenset({*keys, *_names(schema), *projection.get("NonKeyAttributes", ())})


def _names(schema: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(each["AttributeName"] for each in schema)


def in_order(items: Mapping[Key, Item], sort_key: str | None) -> Iterator[tuple[Key, Item]]:
    """The items by their sort key, those with the same one by their own key."""
    if sort_key is None:
        yield from sorted(items.items())
        return
    yield from sorted(items.items(), key=lambda each: (each[1][sort_key]["S"].encode(), each[0]))
