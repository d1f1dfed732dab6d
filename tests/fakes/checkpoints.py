"""The runs' state in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from domain.checkpoints import Checkpoint, RunStatus, Seen, Watermark
from domain.messages import Continuation, RunKey
from domain.ports import CheckpointStore, Claim, Clock, ErasureLedger, Refused
from tests.fakes.faults import Faulty


class FakeCheckpoints(Faulty, CheckpointStore):
    """Every checkpoint of every user; `fail_next` and `lose_next_answer` say what goes wrong.

    A call that failed after it took effect is not recognised as ours: what the store promises for
    lost answers it promises to callers who get one after all.
    """

    def __init__(self, clock: Clock, ttl: timedelta = timedelta(days=7)) -> None:
        super().__init__()
        self._clock = clock
        self._ttl = ttl
        self._runs: dict[RunKey, Checkpoint] = {}
        self._marks: dict[str, datetime] = {}
        self._writes = count(1)
        self.ledger: ErasureLedger | None = None
        """Where marks of erasures are kept beside the runs; without one no user is purged."""

    def given(self, run: Checkpoint) -> Checkpoint:
        """The run is stored, whatever was; as the store would return it."""
        with self._lock:
            return self._store(run)

    def given_watermark(self, user_id: str, mark: datetime) -> None:
        with self._lock:
            self._marks[user_id] = mark

    def forget(self, user_id: str) -> None:
        """The user has no runs and no watermark any more."""
        with self._lock:
            for key in [key for key in self._runs if key.user_id == user_id]:
                del self._runs[key]
            self._marks.pop(user_id, None)

    def find(self, key: RunKey) -> Checkpoint | None:
        with self._call():
            return self._alive(key)

    def begin(self, run: Checkpoint) -> Checkpoint | Refused:
        with self._call():
            stored = self._alive(run.key)
            return Refused(stored) if stored else self._store(run)

    def replace(
        self, seen: Checkpoint, new: Checkpoint, free_at: datetime | None = None
    ) -> Checkpoint | Refused:
        with self._call():
            stored = self._alive(new.key)
            if stored is None or stored.revision != seen.revision:
                return Refused(stored)
            if free_at is not None and stored.leased(free_at):
                return Refused(stored)
            return self._store(new)

    def claim(self, claim: Claim) -> Checkpoint | Refused:
        with self._call():
            stored = self._alive(claim.key)
            if (
                stored is None
                or not _at(stored, claim.chain_id, claim.page)
                or stored.leased(claim.now)
            ):
                return Refused(stored)
            return self._store(replace(stored, lease=claim.lease, updated_at=claim.now))

    def extend(self, held: Checkpoint, until: datetime) -> bool:
        with self._call():
            stored = self._alive(held.key)
            if stored is None or not _still_held(stored, held) or stored.lease is None:
                return False
            self._runs[held.key] = replace(stored, lease=replace(stored.lease, until=until))
            return True

    def settle(
        self, held: Checkpoint, new: Checkpoint, watermark: Watermark | None = None
    ) -> Checkpoint | Refused:
        with self._call():
            stored = self._alive(held.key)
            if stored is None or not _still_held(stored, held):
                return Refused(stored)
            if watermark:
                self._move(held.key.user_id, watermark)
            return self._store(replace(new, chain=stored.chain) if new.chain == held.chain else new)

    def mark_published(self, continuation: Continuation) -> None:
        with self._call():
            stored = self._alive(continuation.key)
            if (
                stored
                and stored.chain.chain_id == continuation.chain_id
                and stored.chain.published_page < continuation.page <= stored.page
            ):
                chain = replace(stored.chain, published_page=continuation.page)
                self._store(replace(stored, chain=chain))

    def clear(self, key: RunKey) -> bool:
        with self._call():
            found = self._alive(key) is not None
            self._runs.pop(key, None)
            return found

    def due_before(self, instant: datetime, limit: int) -> tuple[RunKey, ...]:
        with self._call():
            return self._due_before(instant)[:limit]

    def count_due_before(self, instant: datetime) -> int:
        with self._call():
            return len(self._due_before(instant))

    def watermark(self, user_id: str) -> datetime | None:
        with self._call():
            return self._marks.get(user_id)

    def look(self, key: RunKey) -> Seen:
        with self._call():
            user = key.user_id
            purged = self.ledger is not None and self.ledger.of(user).user
            return Seen(self._alive(key), self._marks.get(user), purged)

    def _alive(self, key: RunKey) -> Checkpoint | None:
        run = self._runs.get(key)
        gone = run is None or run.updated_at + self._ttl <= self._clock.now()
        return None if gone else run

    def _store(self, run: Checkpoint) -> Checkpoint:
        stored = replace(run, revision=f"write-{next(self._writes)}")
        self._runs[run.key] = stored
        return stored

    def _move(self, user_id: str, to: Watermark) -> None:
        mark = self._marks.get(user_id)
        gap = to.since is not None and (mark is None or mark < to.since)
        if not gap and (mark is None or mark < to.through):
            self._marks[user_id] = to.through

    def _due_before(self, instant: datetime) -> tuple[RunKey, ...]:
        due = [
            run
            for key in self._runs
            if (run := self._alive(key))
            and run.status is RunStatus.RUNNING
            and run.due_at < instant
        ]
        return tuple(run.key for run in sorted(due, key=lambda run: (run.due_at, run.key)))


def _at(stored: Checkpoint, chain_id: str, page: int) -> bool:
    return (
        stored.status is RunStatus.RUNNING
        and stored.chain.chain_id == chain_id
        and stored.page == page
    )


def _still_held(stored: Checkpoint, held: Checkpoint) -> bool:
    """Nobody has taken the page since, whether or not the lease ran out."""
    owner = stored.lease.owner if stored.lease else None
    return _at(stored, held.chain.chain_id, held.page) and owner == (
        held.lease.owner if held.lease else None
    )
