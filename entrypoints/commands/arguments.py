"""What the commands take, checked before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeAlias

import typer

from domain import shops
from domain.failures import Reason
from domain.messages import SyncType
from entrypoints import wire_values

UNKNOWN_REASON = "unknown"
"""A dead letter that carries no reason: SQS itself moved it after too many receives."""


def _checked(check: Callable[[str], str]) -> Callable[[str | None], str | None]:
    def callback(value: str | None) -> str | None:
        if value is None:
            return None
        try:
            return check(value)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error

    return callback


def _all_checked(check: Callable[[str], str]) -> Callable[[list[str] | None], list[str]]:
    def callback(values: list[str] | None) -> list[str]:
        try:
            return [check(value) for value in values or ()]
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error

    return callback


def instant(text: str) -> datetime:
    """An ISO 8601 time with its offset, in a year that orders can be of."""
    try:
        found = wire_values.instant(text)
    except ValueError:
        found = None
    if found is None:
        raise typer.BadParameter("a time is written like 2026-11-01T00:00:00Z, offset included")
    return found


def _request_id(text: str) -> str:
    try:
        return wire_values.identity(text)
    except ValueError:
        raise ValueError(
            "a request id is 1-256 characters without white space or control characters"
        ) from None


def _batch_id(text: str) -> str:
    try:
        return wire_values.batch_id(text)
    except ValueError:
        raise ValueError("a batch id is what `failed` shows in its first column") from None


def _number(text: str) -> str:
    try:
        return wire_values.number(text)
    except ValueError:
        raise ValueError("an id of Shopify's is a number, like 6100000000007") from None


def _reason(text: str) -> str:
    allowed = [*(reason.value for reason in Reason), UNKNOWN_REASON]
    if text not in allowed:
        raise ValueError(f"a reason is one of {', '.join(allowed)}")
    return text


_check_user = _checked(shops.user_id)

User: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="USER", help="The user's id.", callback=_check_user, show_default=False),
]
UserOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--user", metavar="USER", help="Only this user's.", callback=_check_user),
]
Shop: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="SHOP",
        help="The shop's permanent domain, like my-shop.myshopify.com.",
        callback=_checked(shops.shop_domain),
        show_default=False,
    ),
]
Type: TypeAlias = Annotated[
    SyncType, typer.Option("--type", help="Which sync of the user's.", show_default=False)
]
AnyType: TypeAlias = Annotated[
    SyncType | None,
    typer.Option("--type", help="Only this type of sync.", show_default=False),
]
Since: TypeAlias = Annotated[
    datetime | None,
    typer.Option(
        metavar="TIME",
        parser=instant,
        help="Only orders updated at or after it: ISO 8601 with offset, 2026-11-01T00:00:00Z.",
        show_default=False,
    ),
]
RequestId: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="ID",
        callback=_checked(_request_id),
        help="The same id twice starts one run. [default: a new one]",
        show_default=False,
    ),
]
Batch: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="ID",
        callback=_checked(_batch_id),
        help="Only this batch, as `failed` names it.",
        show_default=False,
    ),
]
ReasonOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--reason",
        metavar="REASON",
        callback=_checked(_reason),
        help=f"Only messages with this reason: {', '.join(Reason)} or {UNKNOWN_REASON}.",
        show_default=False,
    ),
]
Limit: TypeAlias = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="At most so many messages.", show_default=False),
]
Customer: TypeAlias = Annotated[
    str,
    typer.Option(
        "--customer",
        metavar="ID",
        callback=_checked(_number),
        help="The customer's numeric id at Shopify.",
        show_default=False,
    ),
]
OrderIds: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--order",
        metavar="ID",
        callback=_all_checked(_number),
        help="An order that is the customer's though it may not say so; may be given often.",
        show_default=False,
    ),
]
AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print JSON for machines instead of words.")
]
