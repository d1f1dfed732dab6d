"""Which call meets which mishap: a matter of a seed and of rates, counted as it happens."""

from collections import Counter
from dataclasses import asdict, astuple, dataclass, field
from enum import StrEnum
from random import Random
from threading import Lock
from typing import Any

BATCHES = frozenset({"DynamoDB_20120810.BatchWriteItem", "DynamoDB_20120810.BatchGetItem"})


class Mishap(StrEnum):
    """What can happen to a call on its way to AWS and back."""

    LOST = "lost"
    """It takes effect; the connection is closed in place of an answer."""
    LATE = "late"
    """It takes effect; the answer comes late."""
    SERVER_ERROR = "server-error"
    """It never arrives: HTTP 500."""
    THROTTLED = "throttled"
    """It never arrives: the service's own throttling error."""
    UNPROCESSED = "unprocessed"
    """Part of a batch never arrives and is named as unprocessed in the answer."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The share of calls that meets each mishap; `longest_delay` of the late ones is in seconds.

    ValueError unless shares are at least 0 and at most 1 together.
    """

    lost: float = 0.0
    late: float = 0.0
    server_error: float = 0.0
    throttled: float = 0.0
    unprocessed: float = 0.0
    longest_delay: float = 1.0

    def __post_init__(self) -> None:
        if min(astuple(self)) < 0 or sum(self.shares.values()) > 1:
            raise ValueError("rates are at least 0, and those of all mishaps at most 1 together")

    @property
    def shares(self) -> dict[Mishap, float]:
        """In the order in which they are drawn."""
        return {
            Mishap.LOST: self.lost,
            Mishap.LATE: self.late,
            Mishap.SERVER_ERROR: self.server_error,
            Mishap.THROTTLED: self.throttled,
            Mishap.UNPROCESSED: self.unprocessed,
        }

    def draw(self, target: str, chance: Random) -> Mishap | None:
        """Only batches can be left unprocessed; other calls are spared that share."""
        drawn = chance.random()
        for mishap, share in self.shares.items():
            if drawn < share:
                spared = mishap is Mishap.UNPROCESSED and target not in BATCHES
                return None if spared else mishap
            drawn -= share
        return None


@dataclass(frozen=True, slots=True)
class Fate:
    """A call's mishap, if any, and the chance that decides its details."""

    mishap: Mishap | None
    chance: Random


@dataclass(slots=True)
class Fates:
    """The nth call of an operation has the same fate whatever happens to other operations.

    Safe to use from many threads.
    """

    seed: int
    rates: Rates
    _called: Counter[str] = field(default_factory=Counter, init=False)
    _happened: dict[Mishap, Counter[str]] = field(default_factory=dict, init=False)
    _on: bool = field(default=True, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def of(self, target: str) -> Fate:
        """The fate of the next call of this `X-Amz-Target`."""
        with self._lock:
            number = self._called[target]
            self._called[target] += 1
            chance = Random(f"{self.seed} {target} {number}")
            if not self._on or not target:
                return Fate(None, chance)
            return Fate(self.rates.draw(target, chance), chance)

    def happened(self, mishap: Mishap, target: str) -> None:
        with self._lock:
            self._happened.setdefault(mishap, Counter())[operation_of(target)] += 1

    def change(self, rates: Rates) -> dict[str, Any]:
        """Go on with other rates; returns the state."""
        with self._lock:
            self.rates, self._on = rates, True
        return self.state()

    def calm(self) -> dict[str, Any]:
        """Let nothing happen any more; returns the state."""
        with self._lock:
            self._on = False
        return self.state()

    def state(self) -> dict[str, Any]:
        """`{"on", "seed", "rates", "calls": {operation: n}, "happened": {mishap: {…}}}`."""
        with self._lock:
            return {
                "on": self._on,
                "seed": self.seed,
                "rates": asdict(self.rates),
                "calls": {operation_of(target): n for target, n in self._called.items()},
                "happened": {str(kind): dict(of) for kind, of in self._happened.items()},
            }


def operation_of(target: str) -> str:
    """`BatchWriteItem` of `DynamoDB_20120810.BatchWriteItem`."""
    return target.rpartition(".")[2]
