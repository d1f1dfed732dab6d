"""Leases that are extended as long as nobody says otherwise."""

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

    def assert_held(self) -> None:
        if self.left is not None:
            self.left -= 1
        if self.clock.monotonic() >= self.until or (self.left is not None and self.left < 0):
            raise LeaseLost


@dataclass(slots=True)
class FakeLeases(LeaseKeeper):
    """Keeps leases for their first length; the process was paused if more time has passed."""

    clock: FakeClock
    length: timedelta
    kept: list[FakeLease] = field(default_factory=list)
    requests_left: int | None = None

    @contextmanager
    def keep(self, held: Checkpoint, granted: float) -> Iterator[Lease]:  # noqa: ARG002 - all alike
        until = granted + self.length.total_seconds() * 0.8
        lease = FakeLease(self.clock, until, self.requests_left)
        self.kept.append(lease)
        yield lease
