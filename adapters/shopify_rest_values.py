"""Single values of REST's in the shape that GraphQL gives them.

A value that is not of REST's shape stays as it is: one odd order must not stop a shop.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

import msgspec

from domain.orders import Json

Node: TypeAlias = "dict[str, Json]"
Mapped: TypeAlias = tuple[tuple[str, str, Callable[[Json], Json]], ...]
"""Fields: the canonical name, REST's name, and what becomes of the value."""

_AMOUNT = re.compile(r"-?\d+(\.\d+)?")


def mapped(node: Node, fields: Mapped) -> Node:
    """The fields that the node has, null or not: what Shopify leaves out is left out."""
    return {name: change(node[rest]) for name, rest, change in fields if rest in node}


def same(value: Json) -> Json:
    return value


def upper(value: Json) -> Json:
    """REST's "partially_refunded" is GraphQL's PARTIALLY_REFUNDED."""
    return value.upper() if isinstance(value, str) else value


def instant(value: Json) -> Json:
    """A time in the shop's offset as the same instant in UTC."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return value
    if moment.tzinfo is None:
        return value
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def gid(kind: str) -> Callable[[Json], Json]:
    """The global id of a numeric one."""
    return lambda value: None if value is None else f"gid://shopify/{kind}/{value}"


def reference(kind: str) -> Callable[[Json], Json]:
    """An object of which REST gives the id alone."""
    return lambda value: None if value is None else {"id": f"gid://shopify/{kind}/{value}"}


def text(value: Json) -> Json:
    """A text; what merchants' scripts put in its place (numbers, lists) as its JSON."""
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def words(value: Json) -> Json:
    """REST's "a, b" is GraphQL's ["a", "b"]."""
    if not isinstance(value, str):
        return [] if value is None else value
    return [word for part in value.split(",") if (word := part.strip())]


def attributes(value: Json) -> Json:
    return [{"key": each.get("name"), "value": text(each.get("value"))} for each in nodes(value)]


def nodes(value: Json) -> list[Node]:
    """The objects of a list; none for null."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def amount(value: Json) -> Json:
    """A decimal string as GraphQL writes it: "10.00" is "10.0", "1500" is "1500.0"."""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        value = format(value, "f") if isinstance(value, Decimal) else str(value)
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        return value
    whole, _, part = value.partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}"


def money(value: Json) -> Json:
    if not isinstance(value, dict):
        return value
    return {"amount": amount(value.get("amount")), "currencyCode": value.get("currency_code")}


def bag(value: Json) -> Json:
    """A MoneyBag of REST's `…_set`."""
    if not isinstance(value, dict):
        return value
    return {
        "shopMoney": money(value.get("shop_money")),
        "presentmentMoney": money(value.get("presentment_money")),
    }


def percentage(rate: Json) -> Json:
    """A rate of 0.0725 is 7.25 per cent; a number with a fraction, as GraphQL's Float."""
    if not isinstance(rate, Decimal | int) or isinstance(rate, bool):
        return rate
    return Decimal(str(amount(Decimal(rate) * 100)))
