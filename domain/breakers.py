"""Whether a dependency is asked at all. Instants are seconds of the monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

FIRST_PROBE = timedelta(seconds=5)
LONGEST_PROBE = timedelta(minutes=1)
PROBE_PATIENCE = timedelta(minutes=2)
"""A probe that has told nothing by then (its worker died, its page was large) is no longer one."""
SHORTEST_WAIT = timedelta(seconds=20)
LONGEST_WAIT = timedelta(minutes=5)
"""How long after the end of an outage the last message comes back."""
_DOUBLINGS = 10  # bounds the exponent


class Kind(StrEnum):
    """What we depend on, as a closed set."""

    SHOPIFY = "shopify"
    """As a whole."""
    SHOP = "shop"
    DYNAMODB = "dynamodb"


@dataclass(frozen=True, slots=True)
class Dependency:
    """Something that may be away; `name` tells those of one kind apart."""

    kind: Kind
    name: str = ""


SHOPIFY = Dependency(Kind.SHOPIFY)
STATE = Dependency(Kind.DYNAMODB, "checkpoints")
ORDERS = Dependency(Kind.DYNAMODB, "orders")


def shop(domain: str) -> Dependency:
    return Dependency(Kind.SHOP, domain)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """So many failures in a row, met by so many different askers, and a dependency is away."""

    failures: int
    askers: int = 1


TOLERANCES = {
    # One sick shop must not stop the others: Shopify is away when several shops in a row fail.
    Kind.SHOPIFY: Tolerance(5, askers=3),
    Kind.SHOP: Tolerance(5),
    Kind.DYNAMODB: Tolerance(5),
}


@dataclass(frozen=True, slots=True)
class Breaker:
    """Closed: everybody may ask. Open: one probe at a time does, and the others go back."""

    tolerance: Tolerance
    failures: int = 0
    """In a row."""
    askers: frozenset[str] = field(default_factory=frozenset)
    """Who met them."""
    open_since: float | None = None
    probe_at: float = 0.0
    """When the next one may probe."""
    probing: bool = False

    @property
    def clean(self) -> bool:
        """Nothing is held against it."""
        return not self.failures

    def refuses(self, now: float) -> bool:
        return self.open_since is not None and now < self.probe_at

    def admitted(self, now: float) -> Breaker:
        """Somebody who was not refused asks: of an open breaker this is the probe."""
        if self.open_since is None:
            return self
        return replace(self, probing=True, probe_at=now + PROBE_PATIENCE.total_seconds())

    def failed(self, asker: str, now: float) -> Breaker:
        """It failed once more, whoever asked, the probe or one who was admitted long ago."""
        failures, askers = self.failures + 1, self.askers | {asker}
        over = failures >= self.tolerance.failures and len(askers) >= self.tolerance.askers
        if self.open_since is None and not over:
            return replace(self, failures=failures, askers=askers)
        beyond = max(failures - self.tolerance.failures, 0)
        pause = min(FIRST_PROBE * 2.0 ** min(beyond, _DOUBLINGS), LONGEST_PROBE)
        return replace(
            self,
            failures=failures,
            askers=askers,
            open_since=now if self.open_since is None else self.open_since,
            probe_at=now + pause.total_seconds(),
            probing=False,
        )

    def undecided(self, now: float) -> Breaker:
        """The probe ended without asking, or with an answer that tells nothing: the next one."""
        return replace(self, probing=False, probe_at=now) if self.probing else self

    def wait(self, now: float, chance: float) -> timedelta:
        """For a message that goes back: as long again as the outage has lasted, half of it jitter.

        Between 20 s and 5 minutes, and no shorter than until the next probe, which they do not
        all arrive for at once. `chance` is uniform in [0, 1).
        """
        lasted = timedelta(seconds=now - (now if self.open_since is None else self.open_since))
        full = min(max(lasted, SHORTEST_WAIT), LONGEST_WAIT)
        until_probe = timedelta(seconds=0 if self.probing else self.probe_at - now)
        return max(full * (0.5 + chance / 2), until_probe * (1 + chance))


def closed(dependency: Dependency) -> Breaker:
    return Breaker(TOLERANCES[dependency.kind])
