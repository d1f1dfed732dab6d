"""Orders out of GraphQL answers, in the canonical schema.

Canonical: what Shopify sends, with connections as plain lists. The decoded answer is changed in
place, so that a page costs no copy.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.shopify_answers import Answer, unreadable
from adapters.shopify_costs import Cost
from adapters.shopify_errors import COUNT
from adapters.shopify_scopes import INSTALLATION, caveats_of, scopes_in
from adapters.shopify_selections import CONNECTIONS
from domain.caveats import Caveat
from domain.orders import Json, Order

_NOTHING_SEEN: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Connection:
    """The nodes of a connection and the cursor that more of them follow after, if any do."""

    nodes: list[Json]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A list in an order that is yet to be completed: more of it follows after the cursor."""

    order_gid: str
    connection: str
    nodes: list[Json]
    cursor: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The orders of an answer, whole once all that is unfinished is completed."""

    orders: tuple[Order, ...]
    unfinished: tuple[Unfinished, ...]
    cost: Cost
    next_cursor: str | None = None
    expected: int | None = None
    """By Shopify's own count, in the same answer."""
    caveats: tuple[Caveat, ...] = ()
    said_at: datetime | None = None
    scopes: frozenset[str] | None = None


def page_in(answer: Answer, cursor: str | None, *, first: bool = False) -> Reading:
    """The page that was asked for after the cursor; Transient unless it is one.

    `first` says that the scopes were asked for, too: Permanent shop-unauthorized without them.
    """
    seen = _NOTHING_SEEN if cursor is None else {cursor}
    connection = connection_in(answer.data.get("orders"), "orders", seen)
    unfinished: list[Unfinished] = []
    orders = tuple(
        _order(node, unfinished, answer.withheld_at.get(("orders", "nodes", place), ()))
        for place, node in enumerate(connection.nodes)
    )
    return Reading(
        orders,
        tuple(unfinished),
        answer.cost,
        connection.next_cursor,
        count_in(answer),
        (*answer.caveats, *caveats_in(answer)) if first else answer.caveats,
        answer.said_at,
        scopes_told(answer) if first else None,
    )


def caveats_in(answer: Answer) -> tuple[Caveat, ...]:
    """What the run lacks by the scopes in the answer; raises Permanent as `caveats_of` does."""
    return caveats_of(scopes_told(answer))


def scopes_told(answer: Answer) -> frozenset[str] | None:
    """What the app may read of the shop; None where the answer does not say."""
    return scopes_in(answer.data.get(INSTALLATION))


def orders_in(answer: Answer, number: int) -> Reading:
    """The orders asked for by their ids, those that exist; Transient unless each is answered."""
    unfinished: list[Unfinished] = []
    names = [f"order{n}" for n in range(number)]
    if any(name not in answer.data for name in names):
        raise unreadable("it lacks orders")
    orders = tuple(
        _order(node, unfinished, answer.withheld_at.get((name,), ()))
        for name in names
        if (node := answer.data[name]) is not None
    )
    return Reading(orders, tuple(unfinished), answer.cost)


def rest_in(answer: Answer, unfinished: Unfinished, seen: AbstractSet[str]) -> Connection:
    """More nodes of an unfinished list, asked for after the last of the cursors seen."""
    order = answer.data.get("order")
    if not isinstance(order, dict):
        raise unreadable("an order is gone while its lines are read")
    return connection_in(order.get(unfinished.connection), unfinished.connection, seen)


def connection_in(value: Json, name: str, seen: AbstractSet[str]) -> Connection:
    """The connection; Transient unless it is one that leads on to where nobody has been yet."""
    match value:
        case {"nodes": list() as nodes, "pageInfo": {"hasNextPage": False}}:
            return Connection(nodes, None)
        case {
            "nodes": [_, *_] as nodes,
            "pageInfo": {"hasNextPage": True, "endCursor": str() as cursor},
        } if cursor and cursor not in seen:
            return Connection(nodes, cursor)
        case {"nodes": list(), "pageInfo": {"hasNextPage": True}}:
            raise unreadable(f"it says that more {name} follow, but not where")
        case _:
            raise unreadable(f"it has no {name}")


def _order(node: Json, unfinished: list[Unfinished], withheld: tuple[str, ...]) -> Order:
    if not isinstance(node, dict):
        raise unreadable("an order is missing")
    gid = node.get("id")
    if not isinstance(gid, str):
        raise unreadable("an order has no id")
    for name in CONNECTIONS:
        connection = connection_in(node.get(name), name, _NOTHING_SEEN)
        node[name] = connection.nodes
        if connection.next_cursor is not None:
            unfinished.append(Unfinished(gid, name, connection.nodes, connection.next_cursor))
    return order_of(node, withheld)


def order_of(node: dict[str, Json], withheld: tuple[str, ...] = ()) -> Order:
    """The order of a node whose connections are lists; Transient unless it says which it is."""
    order_id, updated_at = _order_id(node.get("legacyResourceId")), node.get("updatedAt")
    return Order(order_id, instant_in(updated_at), node, withheld)


def _order_id(value: Json) -> str:
    text = str(value)
    if not (text.isascii() and text.isdecimal()):
        raise unreadable("an order has no numeric id")
    return text


def instant_in(value: Json, of: str = "an order's update time") -> datetime:
    """The instant, in UTC; Transient unless it is one with an offset. `of` says whose it is."""
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise unreadable(f"{of} is missing") from error
    if instant.tzinfo is None:
        raise unreadable(f"{of} has no offset")
    return instant.astimezone(UTC)


def count_in(answer: Answer) -> int | None:
    """How many orders the search finds, if the answer says it exactly, and of this search."""
    match answer.data.get(COUNT):
        case {"count": int() as count, "precision": "EXACT"} if answer.keeps_to_the_filter:
            return count
        case _:
            return None
