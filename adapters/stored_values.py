"""DynamoDB's attribute values as the plain values they stand for; a leaf, like attribute_values."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from adapters.attribute_values import AttributeValue
from domain.orders import Json


def plain_values(item: Mapping[str, AttributeValue]) -> dict[str, Json]:
    """The members by name, in the order of their names: DynamoDB keeps none."""
    return {name: _plain(item[name]) for name in sorted(item)}


def _plain(value: AttributeValue) -> Json:
    ((kind, content),) = value.items()
    return _content(kind, content)


def _content(kind: str, content: Any) -> Json:
    match kind:
        case "S" | "BOOL":
            return content  # type: ignore[no-any-return]
        case "N":
            return Decimal(content)
        case "L":
            return [_plain(member) for member in content]
        case "M":
            return plain_values(content)
        case _:
            return None
