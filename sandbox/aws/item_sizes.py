"""How large an item is for DynamoDB (developer guide, "DynamoDB item sizes and formats")."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

LARGEST_ITEM = 400 * 1024
"""Bytes (Amazon DynamoDB quotas)."""

Item = Mapping[str, Mapping[str, Any]]


def are_larger_than(limit: int, items: Sequence[Item]) -> bool:
    """Whether they have more bytes together. None has more than its JSON, which is soon known."""
    at_most = sum(len(msgspec.json.encode(item)) for item in items)
    return at_most > limit and sum(map(item_size, items)) > limit


def item_size(item: Item) -> int:
    """Bytes of names and values together."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: Mapping[str, Any]) -> int:
    """Bytes that DynamoDB counts for a value, by its published rules."""
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return (len(held.strip("-").replace(".", "").strip("0")) + 1) // 2 + 1
        case "B":
            return len(b64decode(held))
        case "BOOL" | "NULL":
            return 1
        case _:
            return _collection_size(kind, held)


def _collection_size(kind: str, held: Any) -> int:
    match kind:
        case "L":
            return 3 + sum(1 + value_size(each) for each in held)
        case "M":
            return 3 + sum(1 + len(name.encode()) + value_size(each) for name, each in held.items())
        case _:
            return sum(value_size({kind[0]: each}) for each in held)
