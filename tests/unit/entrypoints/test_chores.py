"""What a worker does now and then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from domain.failures import Reason, Transient
from domain.occurrences import Reported
from entrypoints.chores import Chore, Chores
from tests.fakes.chance import FakeChance
from tests.fakes.observer import FakeObserver
from tests.fakes.pause import FakePause

MINUTE = timedelta(minutes=1)


class Day:
    """A process that stops during its last of so many waits."""

    def __init__(self, waits: int) -> None:
        self.pause = FakePause(lambda _: self._stop_after(waits))
        self.observer = FakeObserver()
        self.done = 0

    def spend(self, with_chore: Callable[[], object]) -> None:
        def count() -> None:
            self.done += 1
            with_chore()

        chores = Chores(self.pause, FakeChance(), self.observer)
        chores.keep_doing(Chore("watchdog", MINUTE, count))

    def _stop_after(self, waits: int) -> None:
        if len(self.pause.waits) == waits:
            self.pause.stop()


def fail() -> None:
    raise Transient(Reason.DATABASE_ERROR, "no answer")


def have_a_bug() -> None:
    raise KeyError("jane@example.com")


class TestAChore:
    def test_is_done_at_once_and_again_until_the_process_stops(self) -> None:
        day = Day(waits=3)
        day.spend(lambda: None)
        assert day.done == 3
        assert all(0.75 * MINUTE <= wait <= 1.25 * MINUTE for wait in day.pause.waits)
        assert len(set(day.pause.waits)) == 3

    def test_that_fails_is_reported_and_tried_again(self) -> None:
        day = Day(waits=2)
        day.spend(fail)
        assert day.done == 2
        assert day.observer.of(Reported)[0] == Reported("watchdog failed", "no answer")

    def test_with_a_bug_is_reported_without_its_text_and_tried_again(self) -> None:
        day = Day(waits=2)
        day.spend(have_a_bug)
        assert day.done == 2
        report = day.observer.of(Reported)[0]
        assert report.subject == "bug in watchdog"
        assert report.text.startswith("KeyError < test_chores.py:")
        assert "jane" not in report.text
