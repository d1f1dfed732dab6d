"""A move task of SQS's own, as a person follows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.failures import Permanent

FASTEST = 500
"""Messages a second that a task can be asked for."""


class NoMoveTasks(Permanent):
    """The endpoint knows no move tasks: emulators often do not."""


class MoveStatus(StrEnum):
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"

    @property
    def is_over(self) -> bool:
        return self in {MoveStatus.COMPLETED, MoveStatus.CANCELLED, MoveStatus.FAILED}


@dataclass(frozen=True, slots=True)
class MoveTask:
    """A task as SQS last showed it; numbers are approximate. `handle` only while it runs."""

    status: MoveStatus
    started_at: int = 0
    """Milliseconds since the epoch: the only thing that tells a task that is over from another."""
    moved: int = 0
    expected: int | None = None
    failure: str = ""
    handle: str | None = None
