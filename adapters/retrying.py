"""Trying again, by tenacity: the only module that knows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import tenacity

from domain.checkpoints import SourceName
from domain.failures import RateLimited, TimedOut, Transient
from domain.occurrences import Occurrence, Retried, WaitedForRateLimit
from domain.ports import Chance, Observer, Pause

T = TypeVar("T")

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
JITTER = 0.25
RETRIES_AFTER_TIME_OUTS = 1
"""A time-out has held the worker for its whole length already, and a smaller page may help more."""
SHORTEST_WAIT = timedelta(milliseconds=100)
"""A source that says "wait" without saying how long must not be asked in a tight loop."""
_DOUBLINGS = 10  # bounds the exponent: 2**10 s is far past the longest wait


@dataclass(frozen=True, slots=True)
class Retrying:
    """Calls again what failed in a way that passes, at most `retries` times for each call.

    The waits are 1, 2, 4 … s, each moved by up to a quarter either way, at most 60 s, and no less
    than the failure itself asks for; one that asks for more than 60 s is raised at once. A
    time-out is tried again only once. The last failure is raised as it was.

    A rate limit is waited out as long as the source says and counts as no failure, as long as all
    such waits of the call together stay within its patience; then `RateLimited` is raised.
    `Interrupted` ends a wait when the process stops.
    """

    retries: int
    pause: Pause
    chance: Chance
    observer: Observer
    target: str = "shopify"
    source: SourceName = SourceName.GRAPHQL

    def __call__(self, call: Callable[[], T], patience: timedelta) -> T:
        tries = _Tries(self.retries, self.chance, patience)
        return tenacity.Retrying(
            sleep=self._sleep,
            retry=tenacity.retry_if_exception(tries.go_on_after),
            wait=lambda _: tries.wait.total_seconds(),
            before_sleep=lambda state: self._notice(_failure(state), tries.wait),
            reraise=True,
        )(call)

    def _sleep(self, seconds: float) -> None:
        self.pause.wait(timedelta(seconds=seconds))

    def _notice(self, failure: BaseException | None, wait: timedelta) -> None:
        self.observer.notice(self._occurrence(failure, wait))

    def _occurrence(self, failure: BaseException | None, wait: timedelta) -> Occurrence:
        match failure:
            case RateLimited():
                return WaitedForRateLimit(self.source, wait, in_queue=False)
            case TimedOut():
                return Retried(self.target, "timed-out")
            case Transient(reason=reason):
                return Retried(self.target, reason.value)
            case _:
                raise TypeError(f"nobody waits after {type(failure).__name__}")


@dataclass(slots=True)
class _Tries:
    """What one call has used up: failures and time-outs by count, rate limits by time."""

    retries: int
    chance: Chance
    patience: timedelta
    failures: int = 0
    time_outs: int = 0
    wait: timedelta = field(default=timedelta(0))

    def go_on_after(self, failure: BaseException) -> bool:
        """Whether to try again, after `wait`."""
        match failure:
            case RateLimited(wait=wait):
                return self._go_on_after_rate_limit(max(wait, SHORTEST_WAIT))
            case Transient(retry_after=least):
                return self._go_on_after_failure(failure, least or timedelta(0))
            case _:
                return False

    def _go_on_after_rate_limit(self, wait: timedelta) -> bool:
        self.wait = wait
        self.patience -= wait
        return self.patience >= timedelta(0)

    def _go_on_after_failure(self, failure: BaseException, least: timedelta) -> bool:
        self.failures += 1
        self.time_outs += isinstance(failure, TimedOut)
        self.wait = max(backoff(self.failures, self.chance.uniform()), least)
        return (
            self.failures <= self.retries
            and self.time_outs <= RETRIES_AFTER_TIME_OUTS
            and least <= timedelta(seconds=LONGEST_WAIT)
        )


def backoff(failures: int, chance: float) -> timedelta:
    """The wait after that many failures (from 1): 1, 2, 4 … s, a quarter more or less, <= 60 s.

    `chance` is uniform in [0, 1).
    """
    full = FIRST_WAIT * 2.0 ** min(failures - 1, _DOUBLINGS)
    jittered = full * (1 - JITTER + 2 * JITTER * chance)
    return timedelta(seconds=min(jittered, LONGEST_WAIT))


def _failure(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None
