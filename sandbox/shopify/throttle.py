"""Shopify's buckets, of points or of calls: two for each shop, refilled as time passes."""

from collections.abc import Callable
from math import ceil
from threading import Lock
from typing import Any

from sandbox.shopify.shops import Plan, Rate

Clock = Callable[[], float]


class Bucket:
    """Points of one shop. The clock gives monotonic seconds; safe to use from many threads."""

    def __init__(self, plan: Plan | Rate, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._points = float(plan.bucket)
        self._at = clock()
        self._lock = Lock()

    def take(self, points: float) -> bool:
        """Take the points if they are all there; without them nothing is taken."""
        with self._lock:
            self._refill()
            if self._points < points:
                return False
            self._points -= points
            return True

    def leave(self, points: float) -> None:
        """Leave no more than that in it, as another worker of the same app would."""
        with self._lock:
            self._refill()
            self._points = min(self._points, max(0.0, points))

    def give_back(self, points: float) -> None:
        """Return what a query was charged for and did not use."""
        with self._lock:
            self._refill()
            self._points = min(float(self._plan.bucket), self._points + points)

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
