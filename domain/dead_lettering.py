"""How many messages may be dead-lettered: a few at any time, many only while others are done."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

MOST_AT_ONCE = 100
EARNED_EVERY = timedelta(minutes=1)
HELD_BACK_FOR = timedelta(minutes=5)
CALM = 10
"""Once it has been used up, so much of it has to be there again before it is drawn on."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A hundred dead letters, one more with each message that is done, and one more a minute.

    Poison among good messages never uses that up. A release that fails with every message does,
    and then buries no more of the queue. Instants are seconds of the monotonic clock.
    """

    since: float
    left: float = MOST_AT_ONCE
    used_up: bool = False

    def earned(self) -> Allowance:
        """A message was done."""
        return self._holding(self.left + 1)

    def at(self, now: float) -> Allowance:
        """What it is by then."""
        minutes = (now - self.since) / EARNED_EVERY.total_seconds()
        return replace(self._holding(self.left + minutes), since=now)

    def spent(self, letters: int = 1) -> Allowance:
        """So many are dead-lettered; only while it is not used up."""
        left = self.left - letters
        return replace(self, left=left, used_up=left < 1)

    def _holding(self, amount: float) -> Allowance:
        left = min(amount, float(MOST_AT_ONCE))
        return replace(self, left=left, used_up=self.used_up and left < CALM)


class LetterLimit(Protocol):
    """The allowance of this process."""

    @abstractmethod
    def draw(self, letters: int = 1) -> bool:
        """Whether so many more messages may be dead-lettered; if so they count."""
