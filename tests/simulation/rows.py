"""Items of the tables as plain values: what a reader of them sees, not what we think of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]

_RUNS = frozenset({"initial", "manual", "daily"})


def is_run(item: Row) -> bool:
    """Whether the item of the checkpoints table is a run, and not a failed batch or a watermark."""
    return item.get("syncType", {}).get("S") in _RUNS


def read(item: Row | None) -> dict[str, Any] | None:
    """Texts and numbers of the item; anything nested as it is."""
    if item is None:
        return None
    return {name: _value(value) for name, value in item.items()}


def updated_at(order: Row) -> str:
    text: str = order["updatedAt"]["S"]
    return text


def _value(value: Row) -> Any:
    ((kind, held),) = value.items()
    return int(held) if kind == "N" else held
