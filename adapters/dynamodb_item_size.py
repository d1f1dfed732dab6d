"""How large DynamoDB counts an item ("DynamoDB item sizes and formats", developer guide)."""

from __future__ import annotations

from adapters.attribute_values import AttributeValue, Item

LARGEST_ITEM = 400 * 1024
"""Bytes, attribute names included."""

_LIST_OR_MAP = 3
_ELEMENT = 1


def item_size(item: Item) -> int:
    """Bytes that count against the largest item; never more than the item's JSON has."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: AttributeValue) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_size(content)
        case "L":
            return _LIST_OR_MAP + sum(_ELEMENT + _size(member) for member in content)
        case "M":
            return _LIST_OR_MAP + _ELEMENT * len(content) + item_size(content)
        case _:
            return 1


def _number_size(text: str) -> int:
    """A byte for two significant digits, one more, and one for a sign; zeros outside are free."""
    mantissa = text.lower().partition("e")[0]
    digits = mantissa.lstrip("-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + mantissa.startswith("-")
