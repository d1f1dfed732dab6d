"""Moving dead letters back: one by one as they are wanted, or all of them by SQS itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from adapters.sqs_dead_letter_values import Wanted
from adapters.sqs_move_task_values import MoveStatus, MoveTask, NoMoveTasks
from domain.failures import Interrupted
from entrypoints.commands.complaints import Refused
from entrypoints.commands.opening import Look, MoveTasks, Objects
from entrypoints.commands.printing import note
from entrypoints.foreseeing import Foresee
from entrypoints.letters import Printer

TELL_EVERY = 100
LOOK_EVERY = timedelta(seconds=1)
LISTED_WITHIN = 10
"""Looks until which a task that was started must be listed."""


@dataclass(slots=True)
class Redrive:
    """What was asked for, and how far it is. With `foresee` nothing is moved."""

    at_hand: Objects
    printer: Printer
    wanted: Wanted
    rate: int | None
    foresee: Foresee | None
    moved: int = 0
    dropped: int = 0
    """Of those that would be moved."""
    lost: int = 0
    """Messages that somebody else took before they could be moved."""
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.at_hand.clock().monotonic()

    def pace(self) -> None:
        """Wait until one more message may be moved."""
        if self.rate is None:
            return
        due = self.began + self.moved / self.rate
        wait = due - self.at_hand.clock().monotonic()
        if wait > 0:
            self.at_hand.stopping().wait(timedelta(seconds=wait))

    def end(self) -> None:
        sentence = f"{'moved' if self.foresee is None else 'would move'} {_messages(self.moved)}"
        if self.dropped:
            sentence += f", {self.dropped} of which would be dropped"
        if self.lost:
            sentence += f"; {self.lost} somebody else has taken meanwhile: look again"
        self.printer.end(
            sentence,
            {"dryRun": self.foresee is not None, "count": self.moved, "skipped": self.lost},
        )


def move_each(task: Redrive) -> None:
    """Move what is wanted, one after another; what was only looked at is given back."""
    try:
        with task.at_hand.dead_letters().look(task.wanted) as look:
            _move(task, look)
    except BaseException as error:
        task.end()
        if isinstance(error, KeyboardInterrupt | Interrupted):
            note("interrupted: the others are where they were")
        raise
    task.end()


def move_all(task: Redrive) -> None:
    """Have SQS move everything, and follow it. Where SQS has no move tasks: one by one."""
    if task.foresee is not None:
        _foresee_all(task)
        return
    tasks = task.at_hand.move_tasks()
    try:
        before = _begin(task, tasks)
    except NoMoveTasks as missing:
        note(f"{missing.message}: moving one message after another instead")
        move_each(task)
        return
    try:
        ended = _followed(task, tasks, before)
    except (KeyboardInterrupt, Interrupted):
        _cancel(tasks)
        raise
    task.moved = ended.moved
    if ended.status is not MoveStatus.COMPLETED:
        why = ended.failure or ended.status.value.lower()
        raise Refused(f"the move task ended after {_messages(ended.moved)}: {why}")
    task.end()


def _move(task: Redrive, look: Look) -> None:
    for letter in look:
        if task.foresee is not None:
            foreseen = task.foresee(letter.body, letter.message_id)
            task.dropped += foreseen.dropped
            task.printer.show(letter, foreseen)
        else:
            task.pace()
            if not look.redrive(letter):
                task.lost += 1
                continue
            task.printer.show(letter)
        task.moved += 1
        if task.moved % TELL_EVERY == 0:
            note(f"… {_messages(task.moved)}")


def _foresee_all(task: Redrive) -> None:
    count = task.at_hand.dead_letters().count()
    task.printer.end(
        f"would have SQS move everything, about {_messages(count)}",
        {"dryRun": True, "count": count, "skipped": 0},
    )


def _begin(task: Redrive, tasks: MoveTasks) -> MoveTask | None:
    """Start a task, unless one is running; the one that was the latest before, if it is over."""
    latest = tasks.latest()
    if latest is not None and not latest.status.is_over:
        note("a move task is running already: following that one")
        return None
    tasks.start(task.rate)
    return latest


def _followed(task: Redrive, tasks: MoveTasks, before: MoveTask | None) -> MoveTask:
    """The task once it is over. SQS may list it a little later than it has started it."""
    told, unlisted = -1, 0
    while unlisted < LISTED_WITHIN:
        seen = tasks.latest()
        if seen is None or (before is not None and seen.started_at == before.started_at):
            unlisted += 1
        else:
            if seen.moved != told:
                of = "" if seen.expected is None else f" of about {seen.expected}"
                note(f"… {_messages(seen.moved)}{of}")
                told = seen.moved
            if seen.status.is_over:
                return seen
        task.at_hand.stopping().wait(LOOK_EVERY)
    raise Refused("SQS does not list the move task that it has started")


def _cancel(tasks: MoveTasks) -> None:
    seen = tasks.latest()
    if seen is not None and seen.handle is not None:
        tasks.cancel(seen)
        note(f"interrupted after about {_messages(seen.moved)}: the move task is cancelled")


def _messages(count: int) -> str:
    return f"{count} message" + ("" if count == 1 else "s")
