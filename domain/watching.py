"""The watchdog: takes up runs whose message was lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from domain.chain import resumed
from domain.checkpoints import Chain, Checkpoint
from domain.messages import RunKey
from domain.occurrences import TakenUp
from domain.policy import RunPolicy
from domain.ports import Chance, CheckpointStore, Clock, Observer, Refused
from domain.publishing import PublishPage

_MOST_DOUBLINGS = 6


@dataclass(frozen=True, slots=True)
class TakeUpStalledRuns:
    """Give runs that are past due, with nobody at work on them, a new chain and a new message.

    A worker that wakes and extends its lease meanwhile keeps its run. A wrong suspicion is
    harmless: the old chain's messages become stale. Where the queue is merely slow every take-up
    of the same page doubles the patience, so that a backlog is not fed.
    """

    checkpoints: CheckpointStore
    publish: PublishPage
    observer: Observer
    clock: Clock
    chance: Chance
    policy: RunPolicy

    def __call__(self, limit: int) -> int:
        """Look at no more than `limit` runs; returns how many were taken up."""
        overdue_since = self.clock.now() - self.policy.stall_grace
        keys = self.checkpoints.due_before(overdue_since, limit)
        return sum(self._take_up(key) for key in keys)

    def _take_up(self, key: RunKey) -> bool:
        now = self.clock.now()
        run = self.checkpoints.find(key)
        if run is None or not run.stalled(now, self.policy.stall_grace):
            return False
        taken = self.checkpoints.replace(run, self._under_a_new_chain(run, now), free_at=now)
        if isinstance(taken, Refused):
            return False
        self.observer.notice(TakenUp(key, run.run_id, run.page, now - run.due_at))
        self.publish(replace(taken, due_at=now))
        return True

    def _under_a_new_chain(self, run: Checkpoint, now: datetime) -> Checkpoint:
        old = run.chain
        chain = Chain(
            self.chance.new_id(),
            old.request_id,
            old.request_page,
            published_page=run.page - 1,
            earlier_requests=old.earlier_requests,
        )
        patience = self.policy.stall_grace * (2 ** min(run.takeovers, _MOST_DOUBLINGS) - 1)
        return replace(
            resumed(run, chain, None, now),
            attempts=run.attempts,
            takeovers=run.takeovers + 1,
            due_at=now + patience,
        )
