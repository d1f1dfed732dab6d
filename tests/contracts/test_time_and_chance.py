"""What every clock, every source of randomness and every wait promises.

That the monotonic clock counts while the process is paused shows only when one is: the system's
reads CLOCK_BOOTTIME (adapters/system_clock.py), the fake's moves with its wall clock.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from threading import Event, Thread

import pytest

from adapters.stopping import Stopping
from adapters.system_clock import SystemChance, SystemClock
from domain.failures import Interrupted
from domain.ports import Chance, Clock, Pause
from tests.fakes.chance import FakeChance
from tests.fakes.clock import FakeClock
from tests.fakes.pause import FakePause

AT_ONCE = timedelta(0)
MOMENT = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
SOON = 5.0


class ClockPromises:
    def pass_time(self, clock: Clock) -> None:
        """Let a moment pass."""
        Stopping().wait(MOMENT)
        assert isinstance(clock, SystemClock)

    def test_tells_the_time_in_utc(self, clock: Clock) -> None:
        assert clock.now().tzinfo is UTC

    def test_never_goes_back(self, clock: Clock) -> None:
        seconds = []
        for _ in range(5):
            seconds += [clock.monotonic() for _ in range(20)]
            self.pass_time(clock)
        assert seconds == sorted(seconds)

    def test_goes_on(self, clock: Clock) -> None:
        now, seconds = clock.now(), clock.monotonic()
        self.pass_time(clock)
        assert clock.now() > now
        assert clock.monotonic() >= seconds + MOMENT.total_seconds()

    def test_may_be_read_by_many_at_once(self, clock: Clock) -> None:
        with ThreadPoolExecutor(16) as threads:
            read = list(threads.map(lambda _: clock.monotonic(), range(64)))
        assert max(read) <= clock.monotonic()


class TestSystemClock(ClockPromises):
    @pytest.fixture
    def clock(self) -> Clock:
        return SystemClock()


class TestFakeClock(ClockPromises):
    @pytest.fixture
    def clock(self) -> Clock:
        return FakeClock()

    def pass_time(self, clock: Clock) -> None:
        assert isinstance(clock, FakeClock)
        clock.advance(MOMENT)

    def test_counts_while_the_process_is_paused(self) -> None:
        clock = FakeClock()
        now, seconds = clock.now(), clock.monotonic()
        clock.advance(HOUR)
        assert (clock.now() - now, clock.monotonic() - seconds) == (HOUR, 3600)

    def test_moves_on_for_each_of_many(self) -> None:
        clock = FakeClock()
        now = clock.now()
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda _: clock.advance(MOMENT), range(64)))
        assert clock.now() == now + 64 * MOMENT


class ChancePromises:
    def test_gives_numbers_from_nought_to_below_one(self, chance: Chance) -> None:
        numbers = [chance.uniform() for _ in range(200)]
        assert all(0 <= number < 1 for number in numbers)
        assert min(numbers) < 0.2
        assert max(numbers) > 0.8
        assert len(set(numbers)) == 200

    def test_gives_every_id_once(self, chance: Chance) -> None:
        ids = [chance.new_id() for _ in range(200)]
        assert all(ids)
        assert len(set(ids)) == 200

    def test_gives_no_id_to_two_of_many(self, chance: Chance) -> None:
        with ThreadPoolExecutor(16) as threads:
            ids = list(threads.map(lambda _: chance.new_id(), range(320)))
        assert len(set(ids)) == 320


class TestSystemChance(ChancePromises):
    """That nobody can guess an id is the operating system's promise."""

    @pytest.fixture
    def chance(self) -> Chance:
        return SystemChance()


class TestFakeChance(ChancePromises):
    @pytest.fixture
    def chance(self) -> Chance:
        return FakeChance()

    def test_repeats_itself(self) -> None:
        first, second = FakeChance(7), FakeChance(7)
        assert [first.uniform() for _ in range(5)] == [second.uniform() for _ in range(5)]


class Waiting(ABC):
    """A pause, and the process around it."""

    pause: Pause

    @abstractmethod
    def stop(self) -> None:
        """The process stops."""

    @abstractmethod
    def is_interrupted_by_a_stop_meanwhile(self, duration: timedelta) -> bool:
        """Wait, and stop the process while the wait is under way."""


class InRealTime(Waiting):
    def __init__(self) -> None:
        self.pause: Stopping = Stopping()

    def stop(self) -> None:
        self.pause.stop()

    def is_interrupted_by_a_stop_meanwhile(self, duration: timedelta) -> bool:
        begun, interrupted = Event(), Event()

        def wait() -> None:
            begun.set()
            try:
                self.pause.wait(duration)
            except Interrupted:
                interrupted.set()

        thread = Thread(target=wait, daemon=True)
        thread.start()
        begun.wait(SOON)
        self.pause.stop()
        return interrupted.wait(SOON)


class InNoTime(Waiting):
    def __init__(self) -> None:
        self._meanwhile = Event()
        self.pause: FakePause = FakePause(lambda _: self._stop_if_asked())

    def stop(self) -> None:
        self.pause.stop()

    def is_interrupted_by_a_stop_meanwhile(self, duration: timedelta) -> bool:
        self._meanwhile.set()
        try:
            self.pause.wait(duration)
        except Interrupted:
            return True
        return False

    def _stop_if_asked(self) -> None:
        if self._meanwhile.is_set():
            self.pause.stop()


class PausePromises:
    @pytest.mark.parametrize("duration", [MOMENT, AT_ONCE, -HOUR])
    def test_returns_after_the_duration(self, waiting: Waiting, duration: timedelta) -> None:
        for _ in range(2):
            waiting.pause.wait(duration)

    def test_ends_the_wait_that_is_under_way(self, waiting: Waiting) -> None:
        assert waiting.is_interrupted_by_a_stop_meanwhile(HOUR)

    @pytest.mark.parametrize("duration", [HOUR, AT_ONCE, -HOUR])
    def test_ends_every_wait_after_the_stop(self, waiting: Waiting, duration: timedelta) -> None:
        waiting.stop()
        for _ in range(2):
            with pytest.raises(Interrupted):
                waiting.pause.wait(duration)

    def test_may_be_told_twice_to_stop(self, waiting: Waiting) -> None:
        waiting.stop()
        waiting.stop()
        with pytest.raises(Interrupted):
            waiting.pause.wait(HOUR)

    def test_ends_the_waits_of_many(self, waiting: Waiting) -> None:
        def is_interrupted(_: int) -> bool:
            try:
                waiting.pause.wait(HOUR)
            except Interrupted:
                return True
            return False

        waiting.stop()
        with ThreadPoolExecutor(16) as threads:
            assert all(threads.map(is_interrupted, range(16)))


class TestStopping(PausePromises):
    @pytest.fixture
    def waiting(self) -> Waiting:
        return InRealTime()


class TestFakePause(PausePromises):
    @pytest.fixture
    def waiting(self) -> Waiting:
        return InNoTime()
