"""How long a message that failed stays hidden."""

from __future__ import annotations

from datetime import timedelta

SHORTEST_WAIT = timedelta(seconds=1)
FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(minutes=15)
FRESH_AFTER = 20
"""A message that was delivered so often is sent anew before it waits again: SQS counts every
delivery, waits included, and moves it to the dead-letter queue after `maxReceiveCount` (50)."""
LONGEST_HIDDEN = timedelta(minutes=15)
"""What waits for longer is sent anew: hidden messages use up the queue's 120,000 in flight, and
none can be hidden for more than 12 hours (Amazon SQS quotas)."""
_DOUBLINGS = 20  # bounds the exponent: a timedelta overflows long before 2**1000


def backoff(attempt: int, chance: float, first: timedelta = FIRST_WAIT) -> timedelta:
    """The wait after the given failed attempt (from 1), grown by doubling up to 15 minutes.

    `chance` is uniform in [0, 1): the wait is any part of the full one ("full jitter"), but a
    second at least, so that what failed together does not come back together.
    """
    full = min(first * 2.0 ** min(max(attempt, 1) - 1, _DOUBLINGS), LONGEST_WAIT)
    return max(full * chance, SHORTEST_WAIT)
