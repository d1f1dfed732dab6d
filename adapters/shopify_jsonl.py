"""Orders out of the lines of a bulk operation's file.

An order's line is followed by those of its children, and nothing else: with `groupObjects`. A line
that is anything else is a failure: attached to the wrong order it would be worse than missing.
A file has no errors beside its data: what Shopify withholds is null in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from adapters.shopify_answers import unreadable
from adapters.shopify_orders import order_of
from adapters.shopify_selections import CONNECTIONS
from domain.orders import Json, Order
from domain.personal_data import in_doubt

_JSON = msgspec.json.Decoder(float_hook=Decimal)
"""Numbers keep every digit."""
ORDER = "gid://shopify/Order/"
CHILDREN = {"gid://shopify/LineItem/": "lineItems", "gid://shopify/ShippingLine/": "shippingLines"}
"""Which list of its order a line belongs to, by the kind of its id."""
PARENT = "__parentId"


@dataclass(frozen=True, slots=True)
class Slice:
    """Whole orders, and the place in the file at which the next one begins, or the file ends."""

    orders: tuple[Order, ...]
    end: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a file that is so many bytes long; `end` is the end of the part."""

    start: int
    end: int
    total: int


def slice_of(chunks: Iterable[bytes], stretch: Stretch, most: int) -> Slice:
    """At most so many orders, read from the chunks of that stretch and no further than needed.

    An order is whole only when the next one's line, or the end of the file, is seen. Transient for
    a line that cannot be read, one that belongs to no order, and where there is no whole order.
    """
    found: list[Order] = []
    node: dict[str, Json] | None = None
    began = stretch.start
    for start, line in _lines(chunks, stretch):
        row = _row(line)
        if PARENT in row:
            _attach(row, node)
            continue
        if node is not None:
            found.append(order_of(node))
            if len(found) == most:
                return Slice(in_doubt(tuple(found)), start)
        node, began = _begun(row), start
    if node is not None and stretch.end == stretch.total:
        return Slice(in_doubt((*found, order_of(node))), stretch.total)
    if not found:
        raise unreadable(f"there is no whole order in {stretch.end - stretch.start} bytes")
    return Slice(in_doubt(tuple(found)), began)


def _lines(chunks: Iterable[bytes], stretch: Stretch) -> Iterator[tuple[int, bytes]]:
    """Each whole line with the place at which it begins; the file's last may lack its newline."""
    at, rest = stretch.start, b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield at, line
            at += len(line) + 1
    if at + len(rest) != stretch.end:
        raise unreadable("it was cut off")
    if rest and stretch.end == stretch.total:
        yield at, rest


def _row(line: bytes) -> dict[str, Json]:
    try:
        row: Json = _JSON.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise unreadable("a line is no JSON, or was cut off") from error
    if not isinstance(row, dict):
        raise unreadable("a line is no JSON object")
    return row


def _begun(row: dict[str, Json]) -> dict[str, Json]:
    if not str(row.get("id")).startswith(ORDER):
        raise unreadable("a line is of no order")
    for name in CONNECTIONS:
        row[name] = []
    return row


def _attach(row: dict[str, Json], order: dict[str, Json] | None) -> None:
    if order is None or row.pop(PARENT) != order["id"]:
        raise unreadable("a line belongs to another order than the one before it")
    kind = str(row.get("id"))
    name = next((CHILDREN[start] for start in CHILDREN if kind.startswith(start)), None)
    children = order.get(name) if name is not None else None
    if not isinstance(children, list):
        raise unreadable("a line is of no kind that was asked for")
    children.append(row)
