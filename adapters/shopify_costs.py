"""What queries cost, and how long to wait after one that was refused.

A bucket of points that fills up at a constant rate (shopify.dev/docs/api/usage/limits): it must
hold what a query might cost before Shopify runs it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from domain.orders import Json

UNTOLD_WAIT = timedelta(seconds=2)
"""When Shopify says that we are too fast, but not by how much."""
SHORTEST_WAIT = 1.0
LONGEST_WAIT = 3600.0


@dataclass(frozen=True, slots=True)
class Cost:
    """`extensions.cost` of an answer, in points and points a second; None is what it left out."""

    requested: float | None = None
    charged: float | None = None
    """What it turned out to cost: the rest was given back."""
    available: float | None = None
    restored_a_second: float | None = None
    at_most: float | None = None
    """What the bucket holds when it is full."""

    @property
    def never_fits(self) -> bool:
        """The full bucket would not hold the query: Shopify may reduce a shop's limit."""
        return (
            self.requested is not None
            and self.at_most is not None
            and self.requested > self.at_most
        )

    @property
    def throttled_for(self) -> timedelta:
        """How long to wait after this query was refused: 1 s to an hour, 2 s if it is not told."""
        seconds = self._seconds_until(self.requested)
        if seconds is None:
            return UNTOLD_WAIT
        return timedelta(seconds=min(max(seconds, SHORTEST_WAIT), LONGEST_WAIT))

    def _seconds_until(self, points: float | None) -> float | None:
        if points is None or self.available is None or not self.restored_a_second:
            return None
        return max(points - self.available, 0.0) / self.restored_a_second


def cost_in(extensions: Json) -> Cost:
    """The cost in an answer's `extensions`; what is missing or no number of points is left out."""
    cost = _member(extensions, "cost")
    throttle = _member(cost, "throttleStatus")
    return Cost(
        requested=points(_member(cost, "requestedQueryCost")),
        charged=points(_member(cost, "actualQueryCost")),
        available=points(_member(throttle, "currentlyAvailable")),
        restored_a_second=points(_member(throttle, "restoreRate")),
        at_most=points(_member(throttle, "maximumAvailable")),
    )


def retry_after(text: str | None) -> timedelta:
    """The wait in a `Retry-After` header, which is a decimal string such as "2.0".

    2 s without one or for nonsense; an hour at most.
    """
    try:
        seconds = float(text or "nan")
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        return UNTOLD_WAIT
    return timedelta(seconds=min(seconds, LONGEST_WAIT))


def points(value: Json) -> float | None:
    """The number as points; None for anything that is not one or is negative or infinite."""
    if isinstance(value, bool | str | list | dict) or value is None:
        return None
    number = float(value)
    return number if 0 <= number < math.inf else None


def _member(value: Json, name: str) -> Json:
    return value.get(name) if isinstance(value, dict) else None
