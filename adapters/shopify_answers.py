"""Answers to GraphQL queries: whole and understood, or a failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import TypeAlias

import msgspec

from adapters.shopify_costs import Cost, cost_in
from adapters.shopify_errors import CUSTOMER_FIELDS, GraphqlError, failure_of, graphql_error
from adapters.shopify_refusals import quoted, refusal
from adapters.shopify_transport import RawAnswer
from domain.caveats import Caveat, CaveatKind
from domain.failures import Permanent, Reason, Transient
from domain.orders import Json

_JSON = msgspec.json.Decoder(float_hook=Decimal)
"""Numbers keep every digit."""
Path: TypeAlias = tuple[str | int, ...]
"""A place in the data, as errors name it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The data of an answer, without what Shopify withheld: `withheld` names those fields."""

    data: dict[str, Json]
    cost: Cost
    withheld: tuple[str, ...] = ()
    withheld_at: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)
    """The same by the place of the order in the data."""
    caveats: tuple[Caveat, ...] = ()
    said_at: datetime | None = None
    """By Shopify's clock."""

    @property
    def keeps_to_the_filter(self) -> bool:
        return all(caveat.kind is not CaveatKind.IGNORED_FILTER for caveat in self.caveats)


def unreadable(what: str) -> Transient:
    """An answer that is not what was asked for is never taken for an empty one."""
    return Transient(Reason.SHOPIFY_ERROR, f"Shopify's answer cannot be read: {what}")


def answer_in(raw: RawAnswer) -> Answer:
    """The answer; raises what it stands for if it is none, or one that cannot be relied on."""
    if raw.status != HTTPStatus.OK:
        raise refusal(raw)
    content = content_in(raw)
    extensions = content.get("extensions")
    cost = cost_in(extensions)
    data = content.get("data")
    taken = _withheld(content.get("errors"), data, cost)
    ignored = _ignored_filter(extensions)
    if not isinstance(data, dict):
        raise unreadable("it has no data")
    withheld = tuple(sorted({name for _, name in taken}))
    withheld_at: dict[Path, tuple[str, ...]] = {}
    for place, name in taken:
        withheld_at[place] = (*withheld_at.get(place, ()), name)
    caveats = (*_lacking(withheld), *ignored)
    return Answer(data, cost, withheld, withheld_at, caveats, raw.said_at)


def content_in(raw: RawAnswer) -> dict[str, Json]:
    """The JSON object that was sent with HTTP 200; Transient if it is none."""
    kind = raw.headers.get("Content-Type", "json").lower()
    if "json" not in kind:
        raise unreadable("it is HTML" if "html" in kind else "it is not JSON")
    try:
        content: Json = _JSON.decode(raw.body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise unreadable("it is not JSON, or was cut off") from error
    if not isinstance(content, dict):
        raise unreadable("it is JSON of another shape")
    return content


def _withheld(entries: Json, data: Json, cost: Cost) -> tuple[tuple[Path, str], ...]:
    """Take out of the data what the errors withhold; raises what the other errors mean.

    Each is named by the place of its order and the path from there.
    """
    if not entries:
        return ()
    if not isinstance(entries, list):
        raise unreadable(f"errors of another shape: {quoted(str(entries))}")
    errors = [graphql_error(entry) for entry in entries]
    present = isinstance(data, dict) and any(value is not None for value in data.values())
    serious = [error for error in errors if not (present and _is_tolerable(error))]
    if serious:
        raise failure_of(serious, cost, beside_data=present)
    taken = (_take_out(data, error) for error in errors if error.withholds_customer_data)
    return tuple(dict.fromkeys(taken))


def _is_tolerable(error: GraphqlError) -> bool:
    return (
        error.withholds_customer_data or error.spoils_only_the_count or error.hides_only_the_scopes
    )


def _take_out(data: Json, error: GraphqlError) -> tuple[Path, str]:
    """Remove the field, or the null above it that stands for it; returns where and what it was.

    A null would say that the customer has no such thing.
    """
    path = error.path
    for place, step in enumerate(path, start=1):
        match data, step:
            case dict(), str() if data.get(step) is None or place == len(path):
                data.pop(step, None)
                path = path[:place]
                break
            case dict(), str():
                data = data[step]
            case list(), int() if 0 <= step < len(data):
                data = data[step]
            case _:
                break
    return _split(path if not CUSTOMER_FIELDS.isdisjoint(path) else error.path)


def _split(path: Path) -> tuple[Path, str]:
    """The place of the order, and the path of the field in it."""
    first = next(n for n, step in enumerate(path) if step in CUSTOMER_FIELDS)
    return path[:first], ".".join(step for step in path[first:] if isinstance(step, str))


def withheld_text(withheld: tuple[str, ...]) -> str:
    return (
        f"Shopify withholds {', '.join(withheld)}: the app has no access to protected customer "
        "data; the orders are stored without"
    )


def _lacking(withheld: tuple[str, ...]) -> tuple[Caveat, ...]:
    return (Caveat(CaveatKind.WITHHELD_DATA, withheld_text(withheld)),) if withheld else ()


def ignored_filter() -> Caveat:
    text = "Shopify ignored the filter by update time: it sends orders from before the window, too"
    return Caveat(CaveatKind.IGNORED_FILTER, text)


def _ignored_filter(extensions: Json) -> tuple[Caveat, ...]:
    """A field that Shopify does not know is left out of the search, which then finds more.

    What any other warning leads to is not documented: the answer may lack orders.
    Source: shopify.dev/docs/api/usage/search-syntax.
    """
    searches = extensions.get("search") if isinstance(extensions, dict) else None
    warnings = [
        warning
        for search in (searches if isinstance(searches, list) else ())
        if isinstance(search, dict)
        for warning in _listed(search.get("warnings"))
    ]
    codes = {warning.get("code") if isinstance(warning, dict) else None for warning in warnings}
    if codes - {"invalid_field"}:
        raise Permanent(
            Reason.SHOPIFY_ERROR,
            "Shopify does not understand the filter by update time: orders may be missing",
        )
    return (ignored_filter(),) if codes else ()


def _listed(value: Json) -> list[Json]:
    if not value:
        return []
    return value if isinstance(value, list) else [value]
