"""`status` and `failed`: how far syncs are, and what could not be stored."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from domain.checkpoints import Checkpoint
from domain.failed_batches import FailedBatch
from domain.messages import RunKey, SyncType
from entrypoints.commands.arguments import AnyType, AsJson, User
from entrypoints.commands.opening import Objects, objects
from entrypoints.commands.printing import say, tell
from entrypoints.presenting import (
    Json,
    Situation,
    batch_facts,
    columns,
    doubts,
    instant,
    length,
    no_run_facts,
    run_facts,
    run_rows,
    situation_facts,
    situation_words,
)

LOOK_EVERY = timedelta(seconds=1)
IDS_SHOWN = 3


def status(
    context: typer.Context,
    user: User,
    kind: AnyType = None,
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again every second until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show how far a user's syncs are.

    For each: status, orders saved, failed and expected, when the next page is due, last error.
    Says so if the shop is away, or has to authorise the app again, and why; or that the user was
    purged, and when.
    """
    at_hand, keys = objects(context), _keys(user, kind)
    if not watch:
        found = _runs(at_hand, keys)
        facts = _as_json(at_hand, user, found)
        tell(facts, _in_words(at_hand, user, found), as_json=as_json)
    elif as_json or not sys.stdout.isatty():
        _print_changes(at_hand, keys, as_json=as_json)
    else:
        _redraw(at_hand, keys)


def failed(
    context: typer.Context, user: User, kind: AnyType = None, *, as_json: AsJson = False
) -> None:
    """Show the orders that could not be stored.

    Which, why, how often they were tried and since when. They stay until `retry-failed` has stored
    them or `clear --failed-batches` forgets them.
    """
    at_hand = objects(context)
    store = at_hand.failed_batches()
    batches = [batch for key in _keys(user, kind) for batch in store.of(key)]
    words = _batches_in_words(at_hand, user, batches)
    tell([batch_facts(batch) for batch in batches], words, as_json=as_json)


def _keys(user: str, kind: SyncType | None) -> list[RunKey]:
    return [RunKey(user, each) for each in (SyncType if kind is None else (kind,))]


def _runs(at_hand: Objects, keys: list[RunKey]) -> list[Checkpoint]:
    found = (at_hand.checkpoints().find(key) for key in keys)
    return [run for run in found if run is not None]


def _situation(at_hand: Objects, user: str) -> Situation:
    """A purge removes the shop first: who has one was not purged."""
    shop = at_hand.shops().standing(user)
    return Situation(user, shop, at_hand.erasures().purge_of(user) if shop is None else None)


def _as_json(at_hand: Objects, user: str, runs: list[Checkpoint]) -> list[Json]:
    """A fact a run; where there is none but a reason for it, that."""
    now, situation = at_hand.clock().now(), _situation(at_hand, user)
    facts = [run_facts(run, now) for run in runs]
    if not facts and situation.hinders:
        facts = [no_run_facts(situation)]
    return [{**each, **situation_facts(situation)} for each in facts]


def _in_words(at_hand: Objects, user: str, runs: list[Checkpoint]) -> str:
    situation = _situation(at_hand, user)
    lines = [words] if (words := situation_words(situation)) else []
    if runs:
        lines += [columns(run_rows(runs, at_hand.clock().now())), *doubts(runs)]
    elif situation.purge is None:
        lines.append(f"no sync of {user} is known; checkpoints are forgotten after some days")
    return "\n".join(lines)


def _looks(at_hand: Objects, keys: list[RunKey]) -> Iterator[list[Checkpoint]]:
    while True:
        yield _runs(at_hand, keys)
        at_hand.stopping().wait(LOOK_EVERY)


def _print_changes(at_hand: Objects, keys: list[RunKey], *, as_json: bool) -> None:
    before: list[Checkpoint] | None = None
    for runs in _looks(at_hand, keys):
        if runs != before:
            before = runs
            line = json.dumps(_as_json(at_hand, keys[0].user_id, runs), ensure_ascii=False)
            say(line if as_json else _in_words(at_hand, keys[0].user_id, runs))


def _redraw(at_hand: Objects, keys: list[RunKey]) -> None:
    with Live(console=Console(file=sys.stdout), auto_refresh=False) as live:
        for runs in _looks(at_hand, keys):
            live.update(Text(_in_words(at_hand, keys[0].user_id, runs)), refresh=True)


def _batches_in_words(at_hand: Objects, user: str, batches: list[FailedBatch]) -> str:
    if not batches:
        return f"no order of {user} has failed"
    now = at_hand.clock().now()
    rows = [["batch", "orders", "reason", "attempts", "since", "error"]]
    for batch in batches:
        since = f"{instant(batch.created_at)} ({length(now - batch.created_at)})"
        orders = f"{len(batch.order_ids)}: {', '.join(batch.order_ids[:IDS_SHOWN])}"
        more = "" if len(batch.order_ids) <= IDS_SHOWN else " …"
        rows.append(
            [batch.batch_id, orders + more, batch.reason, str(batch.attempts), since, batch.error]
        )
    return columns(rows)
