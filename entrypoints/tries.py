"""A call to the queue, made a few times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from domain.failures import Failure, Interrupted, Permanent
from domain.occurrences import Reported, Retried
from domain.ports import Observer, Pause
from entrypoints.faults import kind_of

TRIES = 3
FIRST_PAUSE = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True)
class Tries:
    """Three tries, 0.2 s and 0.4 s apart. A stop of the process makes the pauses nought only."""

    observer: Observer
    pause: Pause

    def __call__(self, complaint: str, action: Callable[[], object]) -> bool:
        """Whether it worked in the end; if not, `complaint` is reported with the reason."""
        for attempt in range(TRIES):
            try:
                action()
            except Failure as failure:
                if isinstance(failure, Permanent) or attempt + 1 == TRIES:
                    self.observer.notice(Reported(complaint, failure.message))
                    return False
                self.observer.notice(Retried("sqs", kind_of(failure)))
                self._breathe(attempt)
            else:
                return True
        return False

    def _breathe(self, attempt: int) -> None:
        try:
            self.pause.wait(FIRST_PAUSE * 2**attempt)
        except Interrupted:
            return
