"""What is done to the workers, and when: drawn by lot."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from random import Random

from tests.chaos.options import LEASE, Options


class Deed(StrEnum):
    KILL = "SIGKILL"
    PAUSE = "SIGSTOP, then SIGCONT after the lease"
    STOP = "SIGTERM"


def deeds(options: Options, chance: Random) -> Iterator[tuple[float, Deed]]:
    """Each with the seconds to wait before it."""
    drawn = [
        *[Deed.KILL] * options.kills,
        *[Deed.PAUSE] * options.pauses,
        *[Deed.STOP] * options.stops,
    ]
    chance.shuffle(drawn)
    for deed in drawn:
        yield chance.uniform(options.longest_gap / 5, options.longest_gap), deed


def longer_than_the_lease(chance: Random) -> float:
    """Seconds."""
    return LEASE + chance.uniform(0.5, 3.0)
