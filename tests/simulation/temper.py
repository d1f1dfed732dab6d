"""How unpleasant a schedule's world is: which faults it knows, and how often they come.

A world that always does everything hides bugs that show when only one thing goes wrong. So each
schedule leaves out some kinds of fault altogether ("swarm testing").
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Temper:
    """Chances for a call, and weights of what the world does between two steps of the workers."""

    # of a call
    refused: float
    """It fails and has no effect: a connection error, a 500, a throttle."""
    lost: float
    """It takes effect, its answer never arrives."""
    slow: float
    """It takes seconds instead of milliseconds."""
    partly: float
    """DynamoDB leaves a part of the batch unprocessed."""
    unfetched: float
    """Shopify fails, is too slow, or wants us to wait."""
    # of the world
    crash: float
    pause: float
    stop: float
    duplicate: float
    """SQS holds a second copy of a message."""
    reappear: float
    """SQS delivers a message again while somebody still works on it."""
    change: float
    """An order is changed or added in the shop."""
    request: float
    """Somebody publishes a request: another one, the same one again, or a restart."""
    redrive: float
    retry: float
    """Somebody asks for the failed batches to be tried again."""
    clear: float

    @classmethod
    def of(cls, random: Random) -> Temper:
        """Some faults never, some now and then, some often."""
        return cls(
            **{each.name: random.choice(_CHOICES.get(each.name, _WEIGHTS)) for each in fields(cls)}
        )

    @classmethod
    def racing(cls, random: Random) -> Temper:
        """Several at work on the same few orders, which change meanwhile; one is held up."""
        chances = {"slow": 0.1, "partly": random.choice((0.0, 0.4)), "change": 4.0}
        weights = {"pause": random.choice((0.4, 1.2, 3.0)), "request": 1.0}
        return cls(
            **{each.name: {**chances, **weights}.get(each.name, 0.0) for each in fields(cls)}
        )

    @classmethod
    def calm(cls) -> Temper:
        return cls(**{each.name: 0.0 for each in fields(cls)})


_WEIGHTS = (0.0, 0.0, 0.4, 1.2)
_CHANCES = (0.0, 0.0, 0.02, 0.1)
_CHOICES = {
    "refused": _CHANCES,
    "lost": _CHANCES,
    "slow": _CHANCES,
    "partly": (0.0, 0.1, 0.4),
    "unfetched": (0.0, 0.05, 0.3),
    "change": (0.0, 1.0, 4.0),
    "request": (0.0, 1.0, 2.0),
    "redrive": (0.0, 0.5, 2.0),
    "retry": (0.0, 0.5),
    "clear": (0.0, 0.0, 0.5, 1.5),
}
