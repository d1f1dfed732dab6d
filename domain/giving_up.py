"""What becomes of a page that could not be worked on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from domain.advancing import after_time_out
from domain.checkpoints import Checkpoint, failed, failed_attempt
from domain.failures import Failure, LastError, Permanent, Reason, TimedOut, Transient
from domain.occurrences import AttemptFailed, RunChanged, RunEvent
from domain.outcomes import DeadLetter, Later, Outcome, Why
from domain.policy import RunPolicy
from domain.ports import Chance, CheckpointStore, Clock, Observer, Refused
from domain.redelivery import backoff


@dataclass(frozen=True, slots=True)
class GiveUpPage:
    """Give the page up for now, or the run for good.

    A permanent failure ends the run at once, a transient one after `max_attempts`. A database that
    refuses is for an operator to mend and counts as transient, whatever it says: otherwise one
    missing permission would bury every message.
    """

    checkpoints: CheckpointStore
    observer: Observer
    clock: Clock
    chance: Chance
    policy: RunPolicy

    def __call__(self, held: Checkpoint, failure: Failure) -> Outcome:
        attempt = held.attempts + 1
        self.observer.notice(
            AttemptFailed(
                held.key, held.run_id, held.page, attempt, failure.reason, failure.message
            )
        )
        least = failure.retry_after if isinstance(failure, Transient) else None
        wait = max(backoff(attempt, self.chance.uniform()), least or timedelta(0))
        try:
            if _for_good(failure) or attempt >= self.policy.max_attempts:
                return self._fail(held, failure)
            return self._retry(held, failure, wait)
        except Transient:
            return Later(wait)

    def _fail(self, held: Checkpoint, failure: Failure) -> Outcome:
        error = LastError(failure.reason, failure.message)
        result = self.checkpoints.settle(held, failed(held, error, self.clock.now()))
        if isinstance(result, Refused):
            return self._overtaken()
        self.observer.notice(RunChanged(held.key, held.run_id, RunEvent.FAILED))
        return DeadLetter(failure.reason, failure.message)

    def _retry(self, held: Checkpoint, failure: Failure, wait: timedelta) -> Outcome:
        now = self.clock.now()
        error = LastError(failure.reason, failure.message)
        new = failed_attempt(held, error, now, now + wait)
        if isinstance(failure, TimedOut):
            new = replace(new, page_size=after_time_out(held.page_size or self.policy.page_size))
        if isinstance(self.checkpoints.settle(held, new), Refused):
            return self._overtaken()
        return Later(wait)

    def _overtaken(self) -> Outcome:
        return Later(self.policy.visibility, Why.BUSY)


def _for_good(failure: Failure) -> bool:
    return isinstance(failure, Permanent) and failure.reason is not Reason.DATABASE_ERROR
