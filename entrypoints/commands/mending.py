"""`retry-failed` and `clear`: what a person does about a sync that had trouble."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated

import typer

from domain.messages import RetryBatch, RunKey
from entrypoints.commands.arguments import AsJson, Batch, Type, User
from entrypoints.commands.complaints import Refused, WrongUsage
from entrypoints.commands.opening import objects
from entrypoints.commands.printing import tell


def retry_failed(
    context: typer.Context,
    user: User,
    kind: Type,
    *,
    batch: Batch = None,
    as_json: AsJson = False,
) -> None:
    """Try orders again that could not be stored.

    A worker does it: this publishes the message that asks for it.
    """
    at_hand, key = objects(context), RunKey(user, kind)
    store = at_hand.failed_batches()
    if batch is not None and store.find(key, batch) is None:
        raise Refused(f"{user} has no failed {kind.value} batch {batch}: see `failed {user}`")
    count = 1 if batch is not None else len(store.of(key))
    if not count:
        raise Refused(f"{user} has no failed {kind.value} batch: nothing to retry")
    at_hand.publisher().publish(RetryBatch(key, batch), timedelta(0))
    facts = {"userId": user, "syncType": kind.value, "batches": count}
    tell(dict(facts), f"asked for {_batches(count)} to be tried again", as_json=as_json)


def clear(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    user: User,
    kind: Type,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    failed_batches: Annotated[
        bool,
        typer.Option("--failed-batches", help="Forget the failed batches of that type, too."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Forget the checkpoint of a user's sync.

    A run in flight stops at its next step. Orders that are stored stay. The next sync of that type
    begins at page 1. Failed batches stay, too, unless `--failed-batches` is given.
    """
    at_hand, key = objects(context), RunKey(user, kind)
    if not yes:
        _ask(user, kind.value, failed_batches=failed_batches)
    store = at_hand.failed_batches()
    cleared = at_hand.checkpoints().clear(key)
    batches = store.of(key) if failed_batches else ()
    for batch in batches:
        store.remove(batch)
    if not cleared and not batches:
        raise Refused(f"{user} has no {kind.value} checkpoint: nothing to clear")
    done = [f"the {kind.value} checkpoint of {user}"] if cleared else []
    done += [_batches(len(batches))] if batches else []
    tell(
        {"checkpoint": cleared, "failedBatches": len(batches)},
        f"cleared {' and '.join(done)}",
        as_json=as_json,
    )


def _ask(user: str, kind: str, *, failed_batches: bool) -> None:
    if not sys.stdin.isatty():
        raise WrongUsage("clear asks first, and there is no terminal to ask: give --yes")
    more = " and its failed batches" if failed_batches else ""
    if not typer.confirm(f"Clear the {kind} checkpoint of {user}{more}?", err=True):
        raise Refused("nothing was cleared")


def _batches(count: int) -> str:
    return f"{count} failed batch" + ("" if count == 1 else "es")
