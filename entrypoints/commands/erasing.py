"""`purge` and `redact`: what the law and Shopify ask for when a merchant or a customer leaves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

import typer

from domain.erasing import Progress
from entrypoints.commands.arguments import AsJson, Customer, OrderIds, User
from entrypoints.commands.complaints import Refused, WrongUsage
from entrypoints.commands.opening import Objects, objects
from entrypoints.commands.printing import note, tell
from entrypoints.presenting import Json, instant

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def purge(context: typer.Context, user: User, *, yes: Yes = False, as_json: AsJson = False) -> None:
    """Remove everything of a user: orders, checkpoints, failed batches, the shop's credentials.

    What runs stops. The command waits some minutes for writes that are under way, then removes the
    orders; it may be broken off and called again. Nothing is stored for the user any more until
    the shop is connected anew.
    """
    at_hand = objects(context)
    _ask(f"Remove everything of {user}, for good?", yes=yes)
    request_id = at_hand.chance().new_id()
    erase = at_hand.purge_user()
    orders, before = _until_done(at_hand, lambda: erase(user, request_id))
    facts: dict[str, Json] = {"userId": user, "orders": orders}
    _say(facts, f"removed everything of {user}, {orders} orders among it", before, as_json=as_json)


def redact(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    user: User,
    customer: Customer,
    *,
    order: OrderIds = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Take a customer out of a user's orders.

    The orders stay without customer, addresses, notes and attributes, whatever Shopify hands over
    of them later. The command waits some minutes for writes that are under way.
    """
    at_hand = objects(context)
    _ask(f"Take customer {customer} out of the orders of {user}, for good?", yes=yes)
    erase = at_hand.redact_customer()
    order_ids = tuple(order or ())
    orders, before = _until_done(at_hand, lambda: erase(user, customer, order_ids))
    facts: dict[str, Json] = {"userId": user, "customerId": customer, "orders": orders}
    sentence = f"took customer {customer} out of {orders} orders of {user}"
    _say(facts, sentence, before, as_json=as_json)


def _ask(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise WrongUsage("this cannot be undone: say --yes, or call it from a terminal")
    if not typer.confirm(question, err=True):
        raise Refused("nothing was changed")


def _until_done(at_hand: Objects, step: Callable[[], Progress]) -> tuple[int, datetime | None]:
    """Steps until the last one; how many orders there were, or when it was done before."""
    orders = 0
    while True:
        progress = step()
        orders += progress.orders
        if progress.wait is None:
            return orders, progress.done_before
        if progress.wait > timedelta(0):
            until = at_hand.clock().now() + progress.wait
            note(f"waiting for writes that are under way, until {instant(until)}")
            at_hand.stopping().wait(progress.wait)


def _say(facts: dict[str, Json], sentence: str, before: datetime | None, *, as_json: bool) -> None:
    if before is not None:
        sentence = f"nothing to do: it was done on {instant(before)}"
    tell({**facts, "doneBefore": instant(before)}, sentence, as_json=as_json)
