"""Shopify's bulk operations: submitted, looked at, cancelled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from adapters import shopify_bulk_documents as documents
from adapters.pacer import PATIENCE
from adapters.shopify_answers import Answer, unreadable
from adapters.shopify_asking import Question
from adapters.shopify_client import ShopifyClient
from adapters.shopify_orders import caveats_in, count_in, instant_in, scopes_told
from adapters.shopify_refusals import quoted
from domain.caveats import Caveat
from domain.failures import Permanent, Reason
from domain.orders import Json
from domain.shops import ConnectedShop

T = TypeVar("T")

A_FEW = 10.0
"""Points of a mutation; a look at an operation is one or two."""
BUSY = frozenset({"OPERATION_IN_PROGRESS", "LIMIT_REACHED"})
"""Five bulk queries may run at once for an app and a shop."""
_BUSY_TEXT = "already in progress"


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """An operation as Shopify describes it; `url` is signed, so that whoever has it may read."""

    gid: str
    status: str
    error: str | None
    created_at: datetime
    query: str
    objects: int
    orders: int
    size: int | None
    url: str | None = field(repr=False)
    caveats: tuple[Caveat, ...] = ()
    """Of the answer that it is from."""
    scopes: frozenset[str] | None = None
    """What the app may read, where that was asked for."""


@dataclass(frozen=True, slots=True)
class Before:
    """What is to be known before an operation is submitted."""

    latest: tuple[BulkOperation, ...]
    """The twenty latest operations of the app and the shop, newest first."""
    nothing: bool
    """No order is in the window: there is nothing to submit."""
    caveats: tuple[Caveat, ...]
    said_at: datetime | None = None
    scopes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class BulkOperations:
    """A shop's bulk operations."""

    client: ShopifyClient

    def submit(self, shop: ConnectedShop, query: str) -> BulkOperation | None:
        """A new operation that runs the query; None while as many run as may.

        Asked once: an answer that was lost may have started one, which `before` shows.
        """
        once = replace(self.client, attempts=_Once())
        question = Question(documents.RUN, {"query": query}, A_FEW)
        return once.ask(shop, question, _submitted, PATIENCE)

    def find(self, shop: ConnectedShop, gid: str, *, scopes: bool) -> BulkOperation | None:
        """The operation as it is now; None if Shopify knows none of that id.

        With `scopes` its caveats say, too, what the app may not read: Permanent shop-unauthorized
        if that is all orders.
        """
        question = Question(documents.FIND, {"id": gid, "scopes": scopes}, A_FEW)
        return self.client.ask(
            shop, question, lambda answer: _found(answer, scopes=scopes), PATIENCE
        )

    def before(self, shop: ConnectedShop, search: str | None) -> Before:
        """What there is already, and whether the search finds orders. Permanent as for `find`."""
        question = Question(documents.BEFORE, {"query": search}, A_FEW)
        return self.client.ask(shop, question, _before, PATIENCE)

    def cancel(self, shop: ConnectedShop, gid: str) -> None:
        """End the operation; one that has ended already stays as it is, without complaint."""
        self.client.ask(shop, Question(documents.CANCEL, {"id": gid}, A_FEW), _cancelled, PATIENCE)


class _Once:
    """Calls once."""

    def __call__(self, call: Callable[[], T], patience: timedelta) -> T:  # noqa: ARG002 - asked of all attempts
        return call()


def _submitted(answer: Answer) -> BulkOperation | None:
    match answer.data.get("bulkOperationRunQuery"):
        case {"userErrors": [*errors, {"message": str() as message} as error]}:
            every = [*errors, error]
            if any(_is_busy(each) for each in every):
                return None
            raise Permanent(
                Reason.SHOPIFY_ERROR, f"Shopify refuses the bulk query: {quoted(message)}"
            )
        case {"bulkOperation": dict() as operation}:
            return _operation(operation)
        case _:
            raise unreadable("it says nothing of the bulk operation")


def _is_busy(error: Json) -> bool:
    if not isinstance(error, dict):
        return False
    return error.get("code") in BUSY or _BUSY_TEXT in str(error.get("message"))


def _found(answer: Answer, *, scopes: bool) -> BulkOperation | None:
    match answer.data.get("bulkOperation", ...):
        case None:
            return None
        case dict() as operation:
            lacking = caveats_in(answer) if scopes else ()
            return replace(
                _operation(operation),
                caveats=(*answer.caveats, *lacking),
                scopes=scopes_told(answer) if scopes else None,
            )
        case _:
            raise unreadable("it says nothing of the bulk operation")


def _before(answer: Answer) -> Before:
    match answer.data.get("bulkOperations"):
        case {"nodes": list() as nodes}:
            return Before(
                latest=tuple(_operation(node) for node in nodes),
                nothing=count_in(answer) == 0,
                caveats=(*answer.caveats, *caveats_in(answer)),
                said_at=answer.said_at,
                scopes=scopes_told(answer),
            )
        case _:
            raise unreadable("it has no bulk operations")


def _cancelled(answer: Answer) -> None:
    if not isinstance(answer.data.get("bulkOperationCancel"), dict):
        raise unreadable("it says nothing of the bulk operation")


def _operation(node: Json) -> BulkOperation:
    if not isinstance(node, dict):
        raise unreadable("it has no bulk operation")
    gid, status, query = (_text(node.get(name)) for name in ("id", "status", "query"))
    if gid is None or status is None or query is None:
        raise unreadable("it has a bulk operation without a status")
    return BulkOperation(
        gid=gid,
        status=status,
        error=_text(node.get("errorCode")),
        created_at=instant_in(node.get("createdAt"), "a bulk operation's time"),
        query=query,
        objects=_number(node.get("objectCount")) or 0,
        orders=_number(node.get("rootObjectCount")) or 0,
        size=_number(node.get("fileSize")),
        url=_text(node.get("url")),
    )


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Json) -> int | None:
    """Counts come as strings: they may be larger than a number of JSON's is safe for."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() else None
