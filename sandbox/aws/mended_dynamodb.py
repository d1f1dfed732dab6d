"""Where moto's DynamoDB takes seconds for a transaction: put right.

To be able to undo a transaction moto copies the whole table, once for every item of the
transaction: 600 ms for 25 items into a table of 500, and more with every order stored. Here the
items that a transaction names are kept, and put back if it fails; the table's stream forgets what
was undone.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from moto.dynamodb import models as dynamodb
from moto.dynamodb.models.table import Table

ACCOUNT = "123456789012"

_moto_transacts = dynamodb.DynamoDBBackend.transact_write_items


def mend() -> None:
    """Put moto's transactions right, in this process; to be done before the first request."""
    setattr(dynamodb.DynamoDBBackend, "transact_write_items", _transact)  # noqa: B010 - a method


def key_names(region: str, table: str) -> tuple[str, ...] | None:
    """The names of a table's key attributes, or None if there is no such table."""
    found = dynamodb.dynamodb_backends[ACCOUNT][region].tables.get(table)
    if found is None:
        return None
    return tuple(name for name in (found.hash_key_attr, found.range_key_attr) if name)


def _transact(self: Any, transact_items: Sequence[Mapping[str, Mapping[str, Any]]]) -> None:
    kept = [_Kept(table, keys) for table, keys in _named(self, transact_items)]
    setattr(Table, "__deepcopy__", lambda table, _: table)  # noqa: B010 - no copy of the table
    try:
        _moto_transacts(self, [dict(action) for action in transact_items])
    except Exception:
        for item in kept:
            item.put_back()
        raise
    finally:
        delattr(Table, "__deepcopy__")


def _named(
    backend: Any, actions: Sequence[Mapping[str, Mapping[str, Any]]]
) -> list[tuple[Any, Any]]:
    found = []
    for action in actions:
        for asked in action.values():
            table = backend.tables.get(asked.get("TableName"))
            key = asked.get("Key") or asked.get("Item") or {}
            if table is not None and table.hash_key_attr in key:
                found.append((table, backend.get_keys_value(table, key)))
    return found


class _Kept:
    """An item of a table as it was; None if there was none."""

    def __init__(self, table: Any, keys: tuple[Any, Any]) -> None:
        self._table = table
        self._keys = keys
        self._item = deepcopy(table.get_item(*keys))
        self._records = len(table.stream_shard.items) if table.stream_shard else 0

    def put_back(self) -> None:
        self._put_back_item()
        if self._table.stream_shard:
            del self._table.stream_shard.items[self._records :]

    def _put_back_item(self) -> None:
        hash_key, range_key = self._keys
        if self._item is None:
            self._table.delete_item(hash_key, range_key)
        elif range_key is None:
            self._table.items[hash_key] = self._item
        else:
            self._table.items[hash_key][range_key] = self._item
