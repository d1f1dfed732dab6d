"""Where reality is needed: threads and sockets take the time they take."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import monotonic


def wait_until(condition: Callable[[], object], within: float) -> None:
    """Return as soon as it is so; AssertionError if it is not within so many seconds."""
    until = monotonic() + within
    while not condition():
        if monotonic() > until:
            raise AssertionError(f"not so within {within:g} s")
        Event().wait(0.005)
