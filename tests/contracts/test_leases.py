"""What every lease promises, and everyone who keeps leases alive."""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from adapters.heartbeat import Heartbeat
from domain.checkpoints import Checkpoint
from domain.failures import LeaseLost
from domain.leases import FixedLease
from domain.messages import RunKey, SyncType
from domain.ports import Lease
from tests.builders import KEY, NOW, VISIBILITY, a_lease, a_run
from tests.fakes.checkpoints import FakeCheckpoints
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import FakeInbox
from tests.fakes.leases import FakeLease, FakeLeases
from tests.fakes.observer import FakeObserver

SECOND = timedelta(seconds=1)
A_THIRD = VISIBILITY / 3
OTHER_KEY = RunKey("user-2", SyncType.DAILY)


def is_held(lease: Lease) -> bool:
    try:
        lease.assert_held()
    except LeaseLost:
        return False
    return True


class Keeping(ABC):
    """Somebody who keeps leases of 120 s, in a world whose time we set."""

    clock: FakeClock

    @abstractmethod
    def keep(
        self, key: RunKey = KEY, granted: float | None = None
    ) -> AbstractContextManager[Lease]:
        """Keep the lease of a page that was claimed; at once, if nobody says when."""

    @abstractmethod
    def beats(self) -> None:
        """The process is awake: what is due to be extended is extended."""

    @abstractmethod
    def is_taken_over(self, key: RunKey) -> None:
        """Somebody else has the page, as the store tells at the next extension."""


@dataclass(slots=True)
class ByHeartbeat(Keeping):
    clock: FakeClock = field(default_factory=FakeClock)
    checkpoints: FakeCheckpoints = field(init=False)
    heartbeat: Heartbeat = field(init=False)

    def __post_init__(self) -> None:
        self.checkpoints = FakeCheckpoints(self.clock)
        self.heartbeat = Heartbeat(
            FakeInbox(self.clock), self.checkpoints, self.clock, FakeObserver(), VISIBILITY
        )

    def keep(
        self, key: RunKey = KEY, granted: float | None = None
    ) -> AbstractContextManager[Lease]:
        at = self.clock.monotonic() if granted is None else granted
        return self.heartbeat.keep(self._claimed(key), at)

    def beats(self) -> None:
        self.heartbeat.tick()

    def is_taken_over(self, key: RunKey) -> None:
        self.checkpoints.given(a_run(key=key, lease=a_lease(owner="somebody else")))

    def _claimed(self, key: RunKey) -> Checkpoint:
        return self.checkpoints.given(a_run(key=key, lease=a_lease(NOW + VISIBILITY)))


@dataclass(slots=True)
class ByHand(Keeping):
    clock: FakeClock = field(default_factory=FakeClock)
    leases: FakeLeases = field(init=False)

    def __post_init__(self) -> None:
        self.leases = FakeLeases(self.clock, VISIBILITY)

    def keep(
        self, key: RunKey = KEY, granted: float | None = None
    ) -> AbstractContextManager[Lease]:
        at = self.clock.monotonic() if granted is None else granted
        return self.leases.keep(a_run(key=key, lease=a_lease()), at)

    def beats(self) -> None:
        self.leases.beat()

    def is_taken_over(self, key: RunKey) -> None:
        """The fake knows no store: whoever takes a lease over says so."""
        first, *others = self.leases.kept
        (first if key == KEY else others[0]).lose()


class KeeperPromises:
    def test_holds_a_lease_that_was_just_granted(self, keeping: Keeping) -> None:
        with keeping.keep() as lease:
            lease.assert_held()

    def test_keeps_a_lease_while_the_work_goes_on(self, keeping: Keeping) -> None:
        with keeping.keep() as lease:
            for _ in range(30):
                keeping.clock.advance(A_THIRD)
                keeping.beats()
                lease.assert_held()

    def test_misses_a_beat_without_losing_the_lease(self, keeping: Keeping) -> None:
        with keeping.keep() as lease:
            keeping.clock.advance(2 * A_THIRD)
            assert is_held(lease)

    def test_loses_a_lease_before_its_end_while_one_more_request_would_fit(
        self, keeping: Keeping
    ) -> None:
        with keeping.keep() as lease:
            keeping.clock.advance(VISIBILITY - SECOND)
            assert not is_held(lease)

    def test_loses_a_lease_while_the_process_is_paused(self, keeping: Keeping) -> None:
        with keeping.keep() as lease:
            keeping.clock.advance(60 * VISIBILITY)
            assert not is_held(lease)

    def test_counts_from_before_the_lease_was_asked_for(self, keeping: Keeping) -> None:
        asked = keeping.clock.monotonic()
        keeping.clock.advance(VISIBILITY - SECOND)
        with keeping.keep(granted=asked) as lease:
            assert not is_held(lease)

    def test_counts_from_the_last_extension_that_worked(self, keeping: Keeping) -> None:
        with keeping.keep() as lease:
            keeping.clock.advance(2 * A_THIRD)
            keeping.beats()
            keeping.clock.advance(2 * A_THIRD)
            assert is_held(lease)
            keeping.clock.advance(A_THIRD)
            assert not is_held(lease)

    def test_loses_a_lease_that_somebody_else_has(self, keeping: Keeping) -> None:
        with keeping.keep() as lease:
            keeping.is_taken_over(KEY)
            keeping.beats()
            assert not is_held(lease)

    def test_never_gets_a_lost_lease_back(self, keeping: Keeping) -> None:
        with keeping.keep() as lease:
            keeping.is_taken_over(KEY)
            for _ in range(3):
                keeping.beats()
                assert not is_held(lease)
                keeping.clock.advance(A_THIRD)

    def test_keeps_one_lease_when_another_is_lost(self, keeping: Keeping) -> None:
        with keeping.keep() as mine, keeping.keep(OTHER_KEY) as other:
            keeping.is_taken_over(KEY)
            for _ in range(5):
                keeping.clock.advance(A_THIRD)
                keeping.beats()
            assert (is_held(mine), is_held(other)) == (False, True)

    def test_extends_nothing_once_the_work_is_over(self, keeping: Keeping) -> None:
        with keeping.keep() as mine, keeping.keep(OTHER_KEY) as other:
            pass
        keeping.clock.advance(2 * A_THIRD)
        keeping.beats()
        keeping.clock.advance(A_THIRD)
        assert (is_held(mine), is_held(other)) == (False, False)

    def test_lets_go_of_a_lease_when_the_work_fails(self, keeping: Keeping) -> None:
        with pytest.raises(LookupError), keeping.keep() as lease:
            raise LookupError
        keeping.clock.advance(2 * A_THIRD)
        keeping.beats()
        keeping.clock.advance(A_THIRD)
        assert not is_held(lease)

    def test_keeps_going_for_the_others_when_one_piece_of_work_is_over(
        self, keeping: Keeping
    ) -> None:
        with keeping.keep() as mine:
            with keeping.keep(OTHER_KEY):
                pass
            for _ in range(5):
                keeping.clock.advance(A_THIRD)
                keeping.beats()
            assert is_held(mine)

    def test_keeps_the_leases_of_many_workers(self, keeping: Keeping) -> None:
        def work(number: int) -> list[bool]:
            with keeping.keep(RunKey(f"user-{number}", SyncType.DAILY)) as lease:
                seen = []
                for _ in range(5):
                    keeping.beats()
                    seen.append(is_held(lease))
                return seen

        with ThreadPoolExecutor(16) as threads:
            assert list(threads.map(work, range(16))) == [[True] * 5] * 16


class TestHeartbeat(KeeperPromises):
    @pytest.fixture
    def keeping(self) -> Keeping:
        return ByHeartbeat()


class TestFakeLeases(KeeperPromises):
    @pytest.fixture
    def keeping(self) -> Keeping:
        return ByHand()


class LeasePromises:
    """A lease that lasts for a minute, and that nobody extends."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    def test_is_held_until_its_end(self, lease: Lease, clock: FakeClock) -> None:
        assert is_held(lease)
        clock.advance(59 * SECOND)
        assert is_held(lease)
        clock.advance(SECOND)
        assert not is_held(lease)

    def test_may_be_asked_any_number_of_times(self, lease: Lease) -> None:
        with ThreadPoolExecutor(16) as threads:
            assert all(threads.map(lambda _: is_held(lease), range(64)))

    def test_stays_lost(self, lease: Lease, clock: FakeClock) -> None:
        clock.advance(60 * SECOND)
        assert [is_held(lease) for _ in range(3)] == [False] * 3


class TestFixedLease(LeasePromises):
    @pytest.fixture
    def lease(self, clock: FakeClock) -> Lease:
        return FixedLease.lasting(clock, 60 * SECOND)


class TestFakeLease(LeasePromises):
    @pytest.fixture
    def lease(self, clock: FakeClock) -> Lease:
        return FakeLease(clock, clock.monotonic() + 60)
