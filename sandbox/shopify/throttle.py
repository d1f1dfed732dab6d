"""Shopify's buckets, of points or of calls: two for each shop, refilled as time passes."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from threading import Lock
from typing import Any

from sandbox.shopify.shops import Plan, Rate

Clock = Callable[[], float]


ALMOST_NOTHING = 1e-6
"""Points that no request is refused for: the difference is one of floats."""


@dataclass(slots=True)
class Limits:
    """Whether requests beyond what a bucket holds are refused, in all shops."""

    enforced: bool = True


class Bucket:
    """Points of one shop. The clock gives monotonic seconds; safe to use from many threads."""

    def __init__(self, plan: Plan | Rate, clock: Clock, limits: Limits | None = None) -> None:
        self._plan = plan
        self._clock = clock
        self._limits = limits or Limits()
        self._points = float(plan.bucket)
        self._at = self._since = clock()
        self._spent = 0.0
        self._refused = 0
        self._lock = Lock()

    def take(self, points: float) -> bool:
        """Take the points if they are all there; without them nothing is taken."""
        with self._lock:
            self._refill()
            if not self._limits.enforced:
                return True
            if self._points + ALMOST_NOTHING < points:
                self._refused += 1
                return False
            self._points = max(self._points - points, 0.0)
            self._spent += points
            return True

    def begin_again(self) -> None:
        """Fill it up, and count from now on."""
        with self._lock:
            self._points = float(self._plan.bucket)
            self._at = self._since = self._clock()
            self._spent, self._refused = 0.0, 0

    def use(self) -> dict[str, float]:
        """What was spent in how many seconds, how much is left, how often it was not enough."""
        with self._lock:
            self._refill()
            return {
                "bucket": float(self._plan.bucket),
                "restoreRate": float(self._plan.restore_rate),
                "seconds": self._at - self._since,
                "spent": self._spent,
                "left": self._points,
                "refused": self._refused,
            }

    def leave(self, points: float) -> None:
        """Leave no more than that in it, as another worker of the same app would."""
        with self._lock:
            self._refill()
            self._points = min(self._points, max(0.0, points))

    def give_back(self, points: float) -> None:
        """Return what a query was charged for and did not use."""
        with self._lock:
            self._refill()
            if not self._limits.enforced:
                return
            self._points = min(float(self._plan.bucket), self._points + points)
            self._spent -= points

    def status(self) -> dict[str, Any]:
        """What Shopify calls `throttleStatus`."""
        with self._lock:
            self._refill()
            return {
                "maximumAvailable": float(self._plan.bucket),
                "currentlyAvailable": int(self._points),
                "restoreRate": float(self._plan.restore_rate),
            }

    def used(self) -> str:
        """What REST's call limit header says: "32/40"."""
        with self._lock:
            self._refill()
            return f"{ceil(self._plan.bucket - self._points)}/{self._plan.bucket}"

    def _refill(self) -> None:
        now = self._clock()
        gained = (now - self._at) * self._plan.restore_rate
        self._points = min(float(self._plan.bucket), self._points + gained)
        self._at = now
