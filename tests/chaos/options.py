"""How much chaos, and what it hits."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from sandbox.aws.fates import Rates

LEASE = 5.0
"""SYNC_VISIBILITY_TIMEOUT in seconds: the smallest that is allowed."""
WRITES = ("batch", "transaction")
RATES = Rates(
    lost=0.02, late=0.03, server_error=0.02, throttled=0.02, unprocessed=0.05, longest_delay=1.0
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything that is drawn by lot follows from the seed; the machine's timing does not."""

    seed: int
    kills: int = 100
    workers: int = 3
    merchants: int = 6
    orders: int = 600
    """Of each shop, give or take a page."""
    most_lines: int | None = None
    """Line items of an order; None: one in each shop has 300."""
    page_size: int = 50
    writes: str = "batch"
    longest_gap: float = 4.0
    """Seconds between two deeds; as long again is the longest wait for the next one."""
    rates: Rates = field(default=RATES)
    longest_rest: float = 600.0
    """Seconds after the last deed within which everything must have come to rest."""

    def __post_init__(self) -> None:
        if min(self.kills, self.workers, self.merchants, self.orders, self.page_size) < 1:
            raise ValueError("kills, workers, merchants, orders and page size are at least 1")
        if self.writes not in WRITES:
            raise ValueError(f"writes is one of {', '.join(WRITES)}, not {self.writes!r}")

    def lots(self, who: str) -> Random:
        """Lots of somebody's own: nobody else's drawing changes them."""
        return Random(f"{self.seed} {who}")

    @property
    def pauses(self) -> int:
        return max(1, self.kills // 8)

    @property
    def stops(self) -> int:
        return max(1, self.kills // 8)
