"""A page of a connection, and how a list of nodes inside an order is paged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.shopify.cursors import cursor_at, place_of
from sandbox.shopify.refusals import Refused

Node = Mapping[str, Any]
LARGEST_PAGE = 250


@dataclass(frozen=True, slots=True)
class Page:
    """Answers the fields of any connection; cursors are made only if they are asked for."""

    nodes: Sequence[Node]
    cursor: Callable[[int], str]
    has_next: bool
    has_previous: bool

    def __getitem__(self, field: str) -> Any:
        match field:
            case "nodes":
                return self.nodes
            case "edges":
                return [{"cursor": self.cursor(i), "node": n} for i, n in enumerate(self.nodes)]
            case "pageInfo":
                return PageInfo(self)
            case _:
                raise KeyError(field)


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Answers the fields of PageInfo."""

    page: Page

    def __getitem__(self, field: str) -> Any:
        match field:
            case "hasNextPage":
                return self.page.has_next
            case "hasPreviousPage":
                return self.page.has_previous
            case "startCursor":
                return self.page.cursor(0) if self.page.nodes else None
            case "endCursor":
                return self.page.cursor(len(self.page.nodes) - 1) if self.page.nodes else None
            case _:
                raise KeyError(field)


def size_of(arguments: Mapping[str, Any]) -> int:
    """How many nodes a connection is asked for; Refused unless exactly one of first, last is."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        raise Refused("you must provide one of first or last")
    if first is not None and last is not None:
        raise Refused("providing both first and last is not supported")
    name, size = ("first", first) if first is not None else ("last", last)
    if not isinstance(size, int) or size < 0:
        raise Refused(f"{name} cannot be negative")
    if size > LARGEST_PAGE:
        raise Refused(f"{name} cannot exceed {LARGEST_PAGE}")
    return size


def page_of(nodes: Sequence[Node], arguments: Mapping[str, Any]) -> Page:
    """A page of a list; its cursors hold the place in the list."""
    size = size_of(arguments)
    ordered = nodes[::-1] if arguments.get("reverse") else nodes
    low, high = 0, len(ordered)
    if arguments.get("after") is not None:
        low = min(high, place_of(arguments["after"], is_time=False)[0] + 1)
    if arguments.get("before") is not None:
        high = max(low, min(high, place_of(arguments["before"], is_time=False)[0]))
    if arguments.get("first") is not None:
        start, end = low, min(high, low + size)
    else:
        start, end = max(low, high - size), high
    return Page(
        ordered[start:end],
        lambda i: cursor_at(start + i, start + i, is_time=False),
        has_next=end < len(ordered),
        has_previous=start > 0,
    )
