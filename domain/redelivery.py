"""How long a message that failed stays hidden."""

from __future__ import annotations

from datetime import timedelta

FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(minutes=15)
_DOUBLINGS = 20  # bounds the exponent: a timedelta overflows long before 2**1000


def backoff(attempt: int, chance: float, first: timedelta = FIRST_WAIT) -> timedelta:
    """The wait after the given failed attempt (from 1), grown by doubling up to 15 minutes.

    `chance` is uniform in [0, 1): half of the wait is jitter, so that what failed together does
    not come back together.
    """
    full = min(first * 2.0 ** min(max(attempt, 1) - 1, _DOUBLINGS), LONGEST_WAIT)
    return full * (0.5 + chance / 2)
