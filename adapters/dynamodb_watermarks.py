"""The high-water mark of a user, an item beside the user's checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.attribute_values import Item
from adapters.dynamodb_items import StoredItem, as_instant, as_text
from adapters.dynamodb_updates import Update
from domain.checkpoints import Watermark

WATERMARK = "watermark#orders"


def watermark_key(user_id: str) -> Item:
    return {"userId": as_text(user_id), "syncType": as_text(WATERMARK)}


def mark_in(user_id: str, item: Mapping[str, Any] | None) -> datetime | None:
    """The mark in the user's item, if there is one."""
    stored = StoredItem(f"the watermark of user {user_id}", item or {})
    return stored.optional_instant("updatedThrough")


def move_forward(table: str, user_id: str, mark: Watermark) -> dict[str, Any]:
    """An Update that moves the mark: never back, and never over a gap before the window."""
    values = {"through": as_instant(mark.through)}
    if mark.since is None:
        condition = "attribute_not_exists(#updatedThrough) OR #updatedThrough < :through"
    else:
        condition = "#updatedThrough >= :since AND #updatedThrough < :through"
        values["since"] = as_instant(mark.since)
    update = Update({"updatedThrough": values["through"]}, condition, values)
    return {"TableName": table, "Key": watermark_key(user_id), **update.request()}
