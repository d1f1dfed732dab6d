"""When to look at a bulk operation again, and when it is stuck."""

from __future__ import annotations

from datetime import timedelta

FIRST_WAIT = timedelta(seconds=2)
"""A small shop's operation is done within seconds."""
LONGEST_WAIT = timedelta(seconds=60)
BUSY_WAIT = timedelta(seconds=60)
STUCK_CREATED = timedelta(minutes=30)
STUCK_RUNNING = timedelta(hours=6)
"""The object count of a running operation grows, but may stand still while children are grouped
under their parents; Shopify ends an operation after ten days by itself."""


def until_next_look(age: timedelta) -> timedelta:
    """A quarter of the time that it has taken so far: a look costs a delivery and a point."""
    return min(max(age / 4, FIRST_WAIT), LONGEST_WAIT)


def stuck(status: str, still: timedelta) -> bool:
    """Whether an operation that has stood still for that long will not go on by itself."""
    return still > (STUCK_CREATED if status == "CREATED" else STUCK_RUNNING)
