"""A request: start a run, resume one, carry one on, or find that nothing is to be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from domain.chain import Carry, Coalesce, Drop, Resume, Start, answer, resumed
from domain.checkpoints import Chain, Checkpoint, LeaseMark, Seen
from domain.continuing import ContinueRun
from domain.messages import SyncRequest, SyncType
from domain.occurrences import RunChanged, RunEvent
from domain.outcomes import Done, How, Later, Outcome, Why
from domain.policy import RunPolicy
from domain.ports import Chance, CheckpointStore, Clock, Observer, Refused
from domain.working import WorkOnPage

RACES = 5
"""How often a request that loses a race against another looks again before it waits."""
_AFTER_RACES = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """At most one run goes on for a user and sync type, however many requests arrive."""

    checkpoints: CheckpointStore
    work: WorkOnPage
    carry_on: ContinueRun
    observer: Observer
    clock: Clock
    chance: Chance
    policy: RunPolicy

    def __call__(self, request: SyncRequest) -> Outcome:
        seen = self.checkpoints.look(request.key)
        if seen.purged:
            return self._drop(request)
        return self._answer(request, self._since(request, seen), seen.run)

    def _answer(
        self, request: SyncRequest, since: datetime | None, stored: Checkpoint | None
    ) -> Outcome:
        granted = self.clock.monotonic()
        attempt: Checkpoint | Refused
        if stored is None:
            attempt = self.checkpoints.begin(self._new_run(request, since, None))
        else:
            attempt = Refused(stored)
        for _ in range(RACES):
            if not isinstance(attempt, Refused):
                return self._work(attempt, RunEvent.STARTED, granted)
            stored, now = attempt.stored, self.clock.now()
            granted = self.clock.monotonic()
            match answer(request, stored, now, self.policy.stall_grace):
                case Start():
                    attempt = self._start(request, since, stored)
                case Resume(run):
                    attempt = self._resume(request, run, now)
                    if not isinstance(attempt, Refused):
                        return self._work(attempt, RunEvent.RESUMED, granted)
                case Carry(continuation):
                    return self.carry_on(continuation)
                case Coalesce(run):
                    self.observer.notice(RunChanged(run.key, run.run_id, RunEvent.COALESCED))
                    return Done(How.DUPLICATE)
                case Drop(how):
                    return Done(how)
                case other:
                    assert_never(other)
        return Later(_AFTER_RACES, Why.BUSY)

    def _drop(self, request: SyncRequest) -> Outcome:
        """The user was purged: a run that it began just before the mark came is no run at all."""
        self.checkpoints.clear(request.key)
        return Done(How.STALE)

    def _start(
        self, request: SyncRequest, since: datetime | None, stored: Checkpoint | None
    ) -> Checkpoint | Refused:
        run = self._new_run(request, since, stored)
        if stored is None:
            return self.checkpoints.begin(run)
        return self.checkpoints.replace(stored, run)

    def _resume(self, request: SyncRequest, run: Checkpoint, now: datetime) -> Checkpoint | Refused:
        chain = run.chain.carried_by(request.request_id, self.chance.new_id(), run.page)
        return self.checkpoints.replace(run, resumed(run, chain, self._lease(now), now))

    def _work(self, run: Checkpoint, event: RunEvent, granted: float) -> Outcome:
        self.observer.notice(RunChanged(run.key, run.run_id, event))
        return self.work(run, granted)

    def _new_run(
        self, request: SyncRequest, since: datetime | None, stored: Checkpoint | None
    ) -> Checkpoint:
        now, chain_id = self.clock.now(), self.chance.new_id()
        first = Chain(chain_id, request.request_id, request_page=1, published_page=1)
        return Checkpoint(
            key=request.key,
            run_id=self.chance.new_id(),
            chain=stored.chain.carried_by(request.request_id, chain_id, 1) if stored else first,
            started_at=now,
            updated_at=now,
            due_at=now,
            source=self.policy.sources[request.key.sync_type],
            since=since,
            lease=self._lease(now),
        )

    def _lease(self, now: datetime) -> LeaseMark:
        return LeaseMark(self.chance.new_id(), now + self.policy.visibility)

    def _since(self, request: SyncRequest, seen: Seen) -> datetime | None:
        """The window's start; None for everything."""
        if request.updated_since is not None or request.key.sync_type is not SyncType.DAILY:
            return request.updated_since
        mark = seen.watermark
        return None if mark is None else mark - self.policy.daily_overlap
