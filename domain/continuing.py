"""A continuation: the message that carries a chain on at its next page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.chain import Drop, PublishNext, Revive, Wait, judge, resumed
from domain.checkpoints import Checkpoint, LeaseMark
from domain.messages import Continuation
from domain.occurrences import RunChanged, RunEvent
from domain.outcomes import Done, Later, Outcome, Why
from domain.policy import RunPolicy
from domain.ports import Chance, CheckpointStore, Claim, Clock, Observer, Refused
from domain.publishing import PublishPage
from domain.working import WorkOnPage

SHORTEST_WAIT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ContinueRun:
    """Take the lease on the message's page and work on it, unless there is a reason not to."""

    checkpoints: CheckpointStore
    work: WorkOnPage
    publish: PublishPage
    observer: Observer
    clock: Clock
    chance: Chance
    policy: RunPolicy

    def __call__(self, continuation: Continuation) -> Outcome:
        granted, now = self.clock.monotonic(), self.clock.now()
        lease = LeaseMark(self.chance.new_id(), now + self.policy.visibility)
        claim = Claim(continuation.key, continuation.chain_id, continuation.page, now, lease)
        result = self.checkpoints.claim(claim)
        if isinstance(result, Refused):
            return self._unclaimed(continuation, result.stored, granted)
        return self.work(result, granted)

    def _unclaimed(
        self, continuation: Continuation, stored: Checkpoint | None, granted: float
    ) -> Outcome:
        now = self.clock.now()
        match judge(continuation, stored, now):
            case Drop(how):
                self._notice_cleared(continuation, stored)
                return Done(how)
            case Wait(until):
                return Later(max(until - now, SHORTEST_WAIT), Why.BUSY)
            case PublishNext(run):
                return self.publish(run)
            case Revive(run):
                return self._revive(run, granted, now)

    def _revive(self, stored: Checkpoint, granted: float, now: datetime) -> Outcome:
        lease = LeaseMark(self.chance.new_id(), now + self.policy.visibility)
        result = self.checkpoints.replace(stored, resumed(stored, stored.chain, lease, now))
        if isinstance(result, Refused):
            return Later(SHORTEST_WAIT, Why.BUSY)
        self.observer.notice(RunChanged(result.key, result.run_id, RunEvent.RESUMED))
        return self.work(result, granted)

    def _notice_cleared(self, continuation: Continuation, stored: Checkpoint | None) -> None:
        if stored is None:
            self.observer.notice(RunChanged(continuation.key, "", RunEvent.CLEARED))
