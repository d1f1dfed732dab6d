"""`dlq list` and `dlq redrive`: what could not be done, and trying it again."""

from __future__ import annotations

from typing import Annotated

import typer

from adapters.sqs_dead_letter_values import Wanted
from adapters.sqs_move_task_values import FASTEST
from entrypoints.commands.arguments import AsJson, Limit, ReasonOption, UserOption
from entrypoints.commands.complaints import WrongUsage
from entrypoints.commands.opening import Objects, objects
from entrypoints.commands.redriving import Redrive, move_all, move_each
from entrypoints.foreseeing import Foresee
from entrypoints.letters import Machines, Words
from entrypoints.stop_signals import sigterm_interrupts

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

    Reason, age, user, receives, what went wrong, and what a redrive would do: a page whose run has
    moved on would be dropped as stale. They stay where they are; for as long as this looks they
    are hidden from others, and each look counts as a receive.
    """
    at_hand = objects(context)
    printer = Machines(in_object=False) if as_json else Words(at_hand.clock(), foresees=True)
    foresee, words = foreseeing(at_hand), ""
    try:
        nothing = "no message: nothing is dead-lettered, or nothing that fits"
        with sigterm_interrupts(), at_hand.dead_letters().look(Wanted(reason, user, limit)) as look:
            for letter in look:
                printer.show(letter, foresee(letter.body, letter.message_id))
                nothing = ""
        words = nothing
    finally:
        printer.end(words, {})


@dlq.command()
def redrive(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    *,
    reason: ReasonOption = None,
    user: UserOption = None,
    limit: Limit = None,
    rate: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=FASTEST,
            metavar="N",
            help="At most so many messages a second.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Everything, by a move task of SQS's own, which is followed."),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Only show which messages would be moved, and what would come of it."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Move messages back to the source queue.

    Their bodies and groups stay unchanged, and a worker tries them again. Safe at any time: a
    message whose run has moved on is dropped as stale, and Ctrl-C leaves what is not moved yet
    where it is.
    """
    at_hand, wanted = objects(context), Wanted(reason, user, limit)
    if everything and wanted != Wanted():
        raise WrongUsage("--all moves everything: leave --reason, --user and --limit out")
    foresee = foreseeing(at_hand) if dry_run else None
    printer = Machines(in_object=True) if as_json else Words(at_hand.clock(), foresees=dry_run)
    task = Redrive(at_hand, printer, wanted, rate, foresee)
    with sigterm_interrupts():
        if everything:
            move_all(task)
        else:
            move_each(task)


def foreseeing(at_hand: Objects) -> Foresee:
    from entrypoints.messages import decode  # noqa: PLC0415 - it imports pydantic; --help needs none

    return Foresee(
        decode,
        at_hand.checkpoints(),
        at_hand.failed_batches(),
        at_hand.clock(),
        at_hand.settings().policy.stall_grace,
    )
