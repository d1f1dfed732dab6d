"""Leases that are extended when a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from domain.checkpoints import Checkpoint
from domain.failures import LeaseLost
from domain.ports import Lease, LeaseKeeper
from tests.fakes.clock import FakeClock


@dataclass(slots=True)
class FakeLease(Lease):
    """Held until it is lost, or until its time is over; `left` requests may be sent before."""

    clock: FakeClock
    until: float
    left: int | None = None
    lost: bool = False

    def assert_held(self) -> None:
        if self.left is not None:
            self.left -= 1
        used_up = self.left is not None and self.left < 0
        if self.lost or used_up or self.clock.monotonic() >= self.until:
            raise LeaseLost

    def lose(self) -> None:
        """Somebody else has it."""
        self.lost = True


@dataclass(slots=True)
class FakeLeases(LeaseKeeper):
    """Keeps leases for `length` since they were granted or last extended, less a fifth of it.

    They are extended by `beat` and by nothing else: without, the process was paused if more time
    has passed.
    """

    clock: FakeClock
    length: timedelta
    kept: list[FakeLease] = field(default_factory=list)
    """Every lease there ever was."""
    requests_left: int | None = None
    _in_hand: list[FakeLease] = field(default_factory=list, init=False)

    @contextmanager
    def keep(self, held: Checkpoint, granted: float) -> Iterator[Lease]:  # noqa: ARG002 - all alike
        lease = FakeLease(self.clock, self._good_until(granted), self.requests_left)
        self.kept.append(lease)
        self._in_hand.append(lease)
        try:
            yield lease
        finally:
            self._in_hand = [each for each in self._in_hand if each is not lease]

    def beat(self) -> None:
        """Extend every lease that is in hand."""
        for lease in self._in_hand:
            lease.until = self._good_until(self.clock.monotonic())

    def _good_until(self, granted: float) -> float:
        return granted + self.length.total_seconds() * 0.8
