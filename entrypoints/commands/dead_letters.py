"""`dlq list` and `dlq redrive`: what could not be done, and trying it again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from adapters.sqs_dead_letter_values import DeadLetter, Wanted
from entrypoints.commands.arguments import AsJson, Limit, ReasonOption, UserOption
from entrypoints.commands.opening import objects
from entrypoints.commands.printing import tell
from entrypoints.presenting import Json, columns, instant, length

dlq = typer.Typer(
    help="Look into the dead-letter queue; move messages back.",
)


@dlq.command("list")
def list_letters(
    context: typer.Context,
    *,
    reason: ReasonOption = None,
    user: UserOption = None,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Show the messages in the dead-letter queue.

    Reason, age, user, what went wrong. They stay where they are; for as long as this looks they are
    hidden from others.
    """
    at_hand = objects(context)
    with at_hand.dead_letters().look(Wanted(reason, user, limit)) as look:
        letters = list(look)
    now = at_hand.clock().now()
    tell([_facts(letter) for letter in letters], _in_words(letters, now), as_json=as_json)


@dlq.command()
def redrive(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    *,
    reason: ReasonOption = None,
    user: UserOption = None,
    limit: Limit = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show which messages would be moved.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Move messages back to the source queue.

    Their bodies stay unchanged, and a worker tries them again. Safe at any time: a message whose
    run has moved on is dropped as stale.
    """
    at_hand = objects(context)
    moved: list[DeadLetter] = []
    with at_hand.dead_letters().look(Wanted(reason, user, limit)) as look:
        for letter in look:
            if not dry_run:
                look.redrive(letter)
            moved.append(letter)
    what = "would move" if dry_run else "moved"
    count = f"{what} {len(moved)} message" + ("" if len(moved) == 1 else "s")
    words = f"{_in_words(moved, at_hand.clock().now())}\n{count}" if moved else count
    facts: dict[str, Json] = {
        "dryRun": dry_run,
        "count": len(moved),
        "messages": [_facts(letter) for letter in moved],
    }
    tell(facts, words, as_json=as_json)


def _facts(letter: DeadLetter) -> dict[str, Json]:
    return {
        "messageId": letter.message_id,
        "reason": letter.reason,
        "error": letter.error,
        "failedAt": letter.failed_at,
        "sentAt": instant(letter.sent_at),
        "type": letter.message_type,
        "userId": letter.user_id,
        "syncType": letter.sync_type,
        "receiveCount": letter.receive_count,
        "sourceMessageId": letter.source_message_id,
        "body": letter.body,
    }


def _in_words(letters: list[DeadLetter], now: datetime) -> str:
    if not letters:
        return "no message: nothing is dead-lettered, or nothing that fits"
    heading = ["reason", "since", "type", "user", "sync", "receives", "message id", "error"]
    rows = [
        [
            letter.reason,
            length(now - letter.sent_at),
            letter.message_type or "-",
            letter.user_id or "-",
            letter.sync_type or "-",
            str(letter.receive_count),
            letter.message_id,
            letter.error or "-",
        ]
        for letter in letters
    ]
    return columns([heading, *rows])
