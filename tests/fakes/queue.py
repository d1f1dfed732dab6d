"""A standard queue and its dead-letter queue in virtual time, as unpleasant as SQS may be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from domain.messages import Message
from domain.outcomes import DeadLetter, Done, GiveBack, Later, Outcome
from domain.ports import Publisher
from tests.fakes.clock import FakeClock
from tests.fakes.faults import Faulty
from tests.fakes.inbox import LONGEST_DELAY, whole_seconds


@dataclass(frozen=True, slots=True)
class Copy:
    """A message in the queue; `receives` names its latest delivery, too."""

    number: int
    message: Message
    visible_at: datetime
    receives: int = 0


@dataclass(slots=True)
class DeadLetters:
    """What was dead-lettered, and why."""

    letters: list[tuple[Message, str]] = field(default_factory=list)

    def reasons(self) -> list[str]:
        return [reason for _, reason in self.letters]


class SimulatedQueue(Faulty, Publisher):
    """Delivers again when the visibility time-out is over; stale receipts settle nothing.

    `fail_next` and `lose_next_answer` concern sending. Only sending is safe from several threads.
    """

    def __init__(self, clock: FakeClock, visibility: timedelta) -> None:
        super().__init__()
        self._clock = clock
        self._visibility = visibility
        self._numbers = count(1)
        self.copies: dict[int, Copy] = {}
        self.dead = DeadLetters()

    def publish(self, message: Message, delay: timedelta) -> None:
        with self._call():
            self._put(message, self._clock.now() + whole_seconds(delay, LONGEST_DELAY))

    def dead_letter(self, message: Message, reason: str, error: str) -> None:  # noqa: ARG002 - not kept
        with self._call():
            self.dead.letters.append((message, reason))

    def duplicate(self, copy: Copy) -> Copy:
        """SQS delivers a message once more than it should."""
        return self._put(copy.message, self._clock.now())

    def visible(self) -> list[Copy]:
        now = self._clock.now()
        return [copy for copy in self.copies.values() if copy.visible_at <= now]

    def receive(self, copy: Copy) -> Copy:
        """Deliver the copy: it is hidden for the visibility time-out."""
        taken = replace(
            copy, receives=copy.receives + 1, visible_at=self._clock.now() + self._visibility
        )
        self.copies[copy.number] = taken
        return taken

    def settle(self, delivered: Copy, outcome: Outcome) -> None:
        """Do as the outcome says, if the delivery is still the copy's latest.

        A copy that is visible again can be deleted, but not hidden.
        """
        if isinstance(outcome, DeadLetter):
            self.dead.letters.append((delivered.message, outcome.reason.value))
        match outcome:
            case Done() | DeadLetter():
                if self._is_latest(delivered):
                    del self.copies[delivered.number]
            case Later(after):
                self._hide(delivered, after)
            case GiveBack():
                self._hide(delivered, timedelta(0))

    def extend(self, delivered: Copy) -> bool:
        """Hide the copy for the visibility time-out from now; False if that did not work."""
        return self._hide(delivered, self._visibility)

    def _is_latest(self, delivered: Copy) -> bool:
        current = self.copies.get(delivered.number)
        return current is not None and current.receives == delivered.receives

    def _hide(self, delivered: Copy, hidden_for: timedelta) -> bool:
        now = self._clock.now()
        if not self._is_latest(delivered) or self.copies[delivered.number].visible_at <= now:
            return False
        current = self.copies[delivered.number]
        self.copies[delivered.number] = replace(current, visible_at=now + hidden_for)
        return True

    def redrive(self) -> None:
        """Move everything from the dead-letter queue back."""
        letters, self.dead.letters = self.dead.letters, []
        for message, _ in letters:
            self._put(message, self._clock.now())

    def next_visible_at(self) -> datetime | None:
        return min((copy.visible_at for copy in self.copies.values()), default=None)

    def _put(self, message: Message, at: datetime) -> Copy:
        copy = Copy(next(self._numbers), message, at)
        self.copies[copy.number] = copy
        return copy
