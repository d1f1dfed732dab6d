"""The operating system's time and randomness."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from random import SystemRandom

from domain.ports import Chance, Clock

_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)
_RANDOM = SystemRandom()


class SystemClock(Clock):
    """The wall clock, and one that also counts while the machine sleeps where there is one.

    Python's own monotonic clock stands still during a suspend (Linux: CLOCK_BOOTTIME does not).
    """

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)


class SystemChance(Chance):
    """The operating system's source of randomness, which nobody can predict."""

    def uniform(self) -> float:
        return _RANDOM.random()

    def new_id(self) -> str:
        """32 hexadecimal digits, 122 bits of them random (RFC 9562, version 4)."""
        return uuid.uuid4().hex
