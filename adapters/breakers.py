"""The breakers of this process: what it has met itself, shared by its threads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from threading import Lock

from domain.breakers import LONGEST_WAIT, Breaker, Dependency, Kind, closed
from domain.failures import Failure, Unavailable
from domain.occurrences import BreakerChanged
from domain.ports import Chance, Clock, Observer

FORGOTTEN_AFTER = 3 * LONGEST_WAIT


class Breakers:
    """Thread-safe. Other processes find out by themselves, within a few failures each."""

    def __init__(self, clock: Clock, chance: Chance, observer: Observer) -> None:
        self._clock = clock
        self._chance = chance
        self._observer = observer
        self._lock = Lock()
        self._breakers: dict[Dependency, Breaker] = {}
        self._met: dict[Dependency, Failure] = {}
        self._closed_at: dict[Kind, float] = {}

    def admit(self, *needed: Dependency) -> None:
        """Raise `Unavailable` unless all may be asked; of those that are away we are the probe."""
        with self._lock:
            now = self._clock.monotonic()
            away = self._away(each for each in needed if self._of(each).refuses(now))
            if away is not None:
                raise away
            for each in needed:
                self._keep(each, self._of(each).admitted(now))

    def worked(self, *asked: Dependency) -> None:
        """They answered as they should."""
        with self._lock:
            now = self._clock.monotonic()
            closing = [each for each in asked if self._of(each).open_since is not None]
            for each in asked:
                self._breakers.pop(each, None)
                self._met.pop(each, None)
            self._closed_at.update((each.kind, now) for each in closing)
        for each in closing:
            self._observer.notice(BreakerChanged(each, is_open=False, error=""))

    def failed(self, asker: str, failure: Failure, *asked: Dependency) -> Unavailable | None:
        """They failed whoever asked; what to raise instead if one of them is away now."""
        with self._lock:
            now = self._clock.monotonic()
            opening = [each for each in asked if self._fails(each, asker, failure, now)]
            away = self._away(each for each in asked if self._of(each).open_since is not None)
        for each in opening:
            self._observer.notice(BreakerChanged(each, is_open=True, error=failure.message))
        return away

    def undecided(self, *asked: Dependency) -> None:
        """Nothing was learnt of them: if we were the probe, somebody else may be it."""
        with self._lock:
            now = self._clock.monotonic()
            for each in asked:
                self._keep(each, self._of(each).undecided(now))

    def forget_idle(self) -> None:
        """Forget shops that nobody has asked for longer than anybody waits: nobody will."""
        with self._lock:
            long_ago = self._clock.monotonic() - FORGOTTEN_AFTER.total_seconds()
            idle = [
                each
                for each, breaker in self._breakers.items()
                if each.kind is Kind.SHOP and breaker.open_since and breaker.probe_at < long_ago
            ]
            for each in idle:
                self._breakers.pop(each)
                self._met.pop(each, None)
        for each in idle:
            self._observer.notice(BreakerChanged(each, is_open=False, error="not asked any more"))

    def away(self, dependency: Dependency) -> Unavailable | None:
        """What to raise where the dependency is needed and is away; None while it is not."""
        with self._lock:
            is_open = self._of(dependency).open_since is not None
            return self._away((dependency,) if is_open else ())

    def calm(self, dependency: Dependency) -> bool:
        """It is there, and whoever went back for its sake has had the time to come again."""
        with self._lock:
            if self._of(dependency).open_since is not None:
                return False
            closed_at = self._closed_at.get(dependency.kind)
        return closed_at is None or (
            self._clock.monotonic() - closed_at > LONGEST_WAIT.total_seconds()
        )

    def open(self) -> dict[Kind, int]:
        """How many of each kind are away."""
        with self._lock:
            away = [d.kind for d, b in self._breakers.items() if b.open_since is not None]
        return {kind: Counter(away)[kind] for kind in Kind}

    def _of(self, dependency: Dependency) -> Breaker:
        return self._breakers.get(dependency) or closed(dependency)

    def _keep(self, dependency: Dependency, breaker: Breaker) -> None:
        """Of what nothing is held against nothing is kept: shops come and go."""
        if breaker.clean:
            self._breakers.pop(dependency, None)
        else:
            self._breakers[dependency] = breaker

    def _fails(self, each: Dependency, asker: str, failure: Failure, now: float) -> bool:
        before = self._of(each)
        after = self._breakers[each] = before.failed(asker, now)
        self._met[each] = failure
        return before.open_since is None and after.open_since is not None

    def _away(self, dependencies: Iterable[Dependency]) -> Unavailable | None:
        """The longest of the waits, with what was met last."""
        now = self._clock.monotonic()
        waits = {each: self._of(each).wait(now, self._chance.uniform()) for each in dependencies}
        if not waits:
            return None
        longest = max(waits, key=lambda each: waits[each])
        return Unavailable(waits[longest], self._met[longest])
