"""Leases of a fixed length."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from domain.failures import LeaseLost
from domain.ports import Clock, Lease


@dataclass(frozen=True, slots=True)
class FixedLease(Lease):
    """Good until a monotonic instant; nobody extends it."""

    clock: Clock
    until: float

    @classmethod
    def lasting(cls, clock: Clock, duration: timedelta) -> FixedLease:
        return cls(clock, clock.monotonic() + duration.total_seconds())

    def assert_held(self) -> None:
        if self.clock.monotonic() >= self.until:
            raise LeaseLost
