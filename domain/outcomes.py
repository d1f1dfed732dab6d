"""How a delivery ends: exactly one of these, never an exception and never a bool."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

from domain.failures import Reason


class How(StrEnum):
    """Why a message is finished with."""

    DONE = "done"
    STALE = "stale"
    DUPLICATE = "duplicate"


class Why(StrEnum):
    """Why a message is hidden for now."""

    BUSY = "busy"
    RETRIED = "retried"
    AWAY = "away"
    """Something that its work needs is away."""
    CROWDED = "crowded"
    """Its user has as many messages in hand as a user may."""
    HELD_BACK = "held-back"
    """It would be dead-lettered, but too many have been."""
    EARLY = "early"
    """It is not due yet."""
    ERASING = "erasing"
    """Writes that are under way are waited for, or there is more to erase."""
    PREPARING = "preparing"
    """The source is preparing its answer."""


@dataclass(frozen=True, slots=True)
class Done:
    """Delete the message."""

    how: How = How.DONE


@dataclass(frozen=True, slots=True)
class Later:
    """Hide the message for `after`, then deliver it again."""

    after: timedelta
    why: Why = Why.RETRIED


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Move the message, unchanged, to the dead-letter queue."""

    reason: Reason
    error: str


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The process is stopping: make the message visible at once for another worker."""


Outcome: TypeAlias = Done | Later | DeadLetter | GiveBack
