"""How long an end in order may take, from the signal on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

HEARTBEAT = timedelta(seconds=1)
LAST_CALLS = timedelta(seconds=3)
ORCHESTRATOR = timedelta(seconds=30)
"""ECS's default `stopTimeout`, Kubernetes's default `terminationGracePeriodSeconds`."""


@dataclass(frozen=True, slots=True)
class ShutdownBudget:
    """First `drain`, for the pages in hand and the poll under way; then the rest is given back."""

    poll: timedelta
    drain: timedelta

    def __post_init__(self) -> None:
        if self.poll > self.drain:
            raise ValueError("a poll that outlasts the drain would hand over messages too late")

    @property
    def total(self) -> timedelta:
        """After that the process has ended, whatever hangs."""
        return self.drain + HEARTBEAT + LAST_CALLS

    @property
    def fits(self) -> bool:
        """Whether it is over before an orchestrator with default settings kills the process."""
        return self.total <= ORCHESTRATOR
