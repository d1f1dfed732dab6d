"""One order as the item that is stored, made into JSON once however often it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec

from adapters.attribute_values import Item, attribute_values
from adapters.dynamodb_item_size import LARGEST_ITEM, item_size
from domain.orders import FailedOrder, Json, Order, OrderFailure
from domain.shops import ConnectedShop

LONGEST_KEY = 1024
"""Bytes of a sort key."""

OURS = frozenset({"userId", "orderId", "shop", "updatedAt", "syncedAt", "digest", "redactedAt"})
_DIGEST_BYTES = 12


@dataclass(frozen=True, slots=True)
class OrderItem:
    """An order that can be stored, and over which stored version."""

    order_id: str
    updated_at: datetime
    json: msgspec.Raw
    redacted: bool = False
    over: str | None = None
    """The digest of the version that it was completed from, which is the only one it may replace;
    empty if that had none, None if it may replace any."""

    @property
    def condition(self) -> tuple[str, dict[str, Any]]:
        """The condition, with its values, under which it replaces what is stored."""
        condition, values = stored_no_later(self.updated_at)
        if not self.redacted:
            condition = f"({condition}) AND attribute_not_exists(redactedAt)"
        if self.over:
            values = {**values, ":over": {"S": self.over}}
            return f"({condition}) AND digest = :over", values
        if self.over is not None:
            return f"({condition}) AND attribute_not_exists(digest)", values
        return condition, values


def updated_at_text(moment: datetime) -> str:
    """As Shopify writes it, to the second; a fraction only if there is one."""
    return moment.astimezone(UTC).isoformat()[: -len("+00:00")] + "Z"


def moment_in(item: Mapping[str, Any]) -> datetime | None:
    """The stored order's update time; None if it cannot be read."""
    try:
        moment = datetime.fromisoformat(item["updatedAt"]["S"])
    except (KeyError, ValueError):
        return None
    return None if moment.tzinfo is None else moment.astimezone(UTC)


def stored_no_later(moment: datetime) -> tuple[str, dict[str, Any]]:
    """The condition, with its values, that what is stored is not a later version.

    Texts of whole seconds sort like the instants do, and so do those with fractions, but `…00.5Z`
    sorts before `…00Z`.
    """
    text = updated_at_text(moment)
    if not moment.microsecond:
        condition = "updatedAt <= :this AND NOT begins_with(updatedAt, :fraction)"
        values = {":this": text, ":fraction": f"{text[:-1]}."}
    else:
        condition = "updatedAt <= :this OR updatedAt = :second"
        values = {":this": text, ":second": updated_at_text(moment.replace(microsecond=0))}
    return (
        f"attribute_not_exists(updatedAt) OR ({condition})",
        {name: {"S": value} for name, value in values.items()},
    )


def unusable_key(order_id: str) -> FailedOrder | None:
    """Why the order's id cannot be a key."""
    try:
        size = len(order_id.encode())
    except UnicodeEncodeError:
        size = 0
    if 0 < size <= LONGEST_KEY:
        return None
    return FailedOrder(order_id, OrderFailure.INVALID, "the order's id cannot be a key")


def digest(order: Order) -> str | None:
    """Tells versions of the same second apart; None for an order that msgspec cannot encode.

    Made from the order as it is: a fifth of the work of making its item.
    """
    try:
        content = msgspec.json.encode(_fields(order))
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return None
    return blake2b(content, digest_size=_DIGEST_BYTES).hexdigest()


def order_item(
    shop: ConnectedShop, order: Order, synced_at: str, redacted_at: str | None = None
) -> OrderItem | FailedOrder:
    """The item; or why DynamoDB cannot hold it, which no call is needed to know."""
    try:
        fields = attribute_values(_fields(order))
        fields_json = msgspec.json.encode(fields)
    except UnicodeEncodeError:
        return FailedOrder(order.order_id, OrderFailure.INVALID, "a text is not valid Unicode")
    except ValueError as problem:
        return FailedOrder(order.order_id, OrderFailure.INVALID, str(problem))
    ours: Item = {
        "userId": {"S": shop.user_id},
        "orderId": {"S": order.order_id},
        "shop": {"S": shop.shop},
        "updatedAt": {"S": updated_at_text(order.updated_at)},
        "syncedAt": {"S": synced_at},
    }
    if content := digest(order):
        ours["digest"] = {"S": content}
    if redacted_at is not None:
        ours["redactedAt"] = {"S": redacted_at}
    whole = _joined(fields_json, msgspec.json.encode(ours))
    if len(whole) > LARGEST_ITEM and (size := item_size({**fields, **ours})) > LARGEST_ITEM:
        error = f"the order has {size} bytes; DynamoDB takes {LARGEST_ITEM}"
        return FailedOrder(order.order_id, OrderFailure.TOO_LARGE, error)
    raw, redacted = msgspec.Raw(whole), redacted_at is not None
    return OrderItem(order.order_id, order.updated_at, raw, redacted)


def _fields(order: Order) -> dict[str, Json]:
    return {name: value for name, value in order.fields.items() if name not in OURS}


def _joined(fields: bytes, ours: bytes) -> bytes:
    """Two JSON objects, none of them with a key of the other, as one."""
    return ours if fields == b"{}" else fields[:-1] + b"," + ours[1:]
