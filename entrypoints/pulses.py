"""Whether the consumer lives: judged by what it does, not by its being there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from entrypoints.in_hand import AtWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Every time is of the monotonic clock, in seconds."""

    ticked_at: float
    """When the loop last came round, whether or not SQS answered."""
    polled_at: float | None
    """When a poll last worked; None: never yet."""
    failing_polls: int
    """Polls that failed since one worked."""
    extended_at: float | None
    """When the heartbeat last went round; None: never yet."""
    busy_since: tuple[float, ...]
    """Since when each delivery in hand is being worked on."""
    stopping: bool
    failing_since: float | None = None
    """When the first of the failing polls failed."""
    refusal: str | None = None
    """What a person has to mend before a poll can work; None: nothing, as far as we know."""
    at_work: tuple[AtWork, ...] = ()

    def alive(self, now: float, within: timedelta) -> bool:
        """The loop came round within that time, or it has ended because the process stops."""
        return self.stopping or now - self.ticked_at <= within.total_seconds()

    @property
    def ready(self) -> bool:
        """The last poll worked."""
        return self.polled_at is not None and not self.failing_polls and not self.stopping
