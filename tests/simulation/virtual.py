"""Time, chance, identities and waits as a simulated process sees them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf
from typing import Any, Self

from domain.failures import Interrupted, Reason
from domain.occurrences import AttemptFailed, Occurrence, Reported
from domain.ports import Chance, Clock, Observer, Pause
from tests.simulation.course import Course, Violation
from tests.simulation.tasks import current


class VirtualClock(Clock):
    """The course's time; the wall clock of this process is some seconds off."""

    def __init__(self, course: Course, skew: float) -> None:
        self._course = course
        self._skew = timedelta(seconds=skew)

    def now(self) -> datetime:
        return self._course.instant() + self._skew

    def monotonic(self) -> float:
        return 5000.0 + self._course.now


class VirtualChance(Chance):
    """Numbers that follow from the seed; ids that tell in which order they were made."""

    def __init__(self, course: Course) -> None:
        self._course = course

    def uniform(self) -> float:
        return self._course.random.random()

    def new_id(self) -> str:
        return f"id-{next(self._course.numbers)}"


class VirtualPause(Pause):
    """Waits that take virtual time, until the process stops."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._stopped = False

    def wait(self, duration: timedelta) -> None:
        task, course = current(), self._course
        if task is not None and not self._stopped:
            task.wait(course.now + duration.total_seconds(), lambda: self._stopped)
        if self._stopped:
            raise Interrupted("the process is stopping")

    def stop(self) -> None:
        self._stopped = True


class TurnTaking:
    """A condition variable among tasks: they take turns, so nothing needs a lock."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        return

    def wait_for(self, holds: Callable[[], Any], timeout: float | None = None) -> Any:
        del timeout
        task = current()
        if task is not None and not holds():
            task.wait(inf, lambda: bool(holds()))
        return holds()

    def notify_all(self) -> None:
        return


class BugWatcher(Observer):
    """Lets no bug be survived: the product goes on after one, a schedule does not."""

    def notice(self, occurrence: Occurrence) -> None:
        match occurrence:
            case Reported(what, text) if "bug" in what:
                raise Violation(f"{what}: {text}")
            case AttemptFailed(reason=Reason.BUG, error=error):
                raise Violation(f"bug while a page was worked on: {error}")
            case _:
                return
