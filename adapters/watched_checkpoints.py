"""The runs' state, and whether it answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from adapters.aws_failures import AWS_ERRORS
from adapters.breakers import Breakers
from domain.breakers import STATE
from domain.checkpoints import Checkpoint, Seen, Watermark
from domain.failures import Failure, Permanent, Transient
from domain.messages import Continuation, RunKey
from domain.ports import CheckpointStore, Claim, Refused


@dataclass(frozen=True, slots=True)
class WatchedCheckpoints(CheckpointStore):
    """Tells the breaker how each call ended; asks all the same, since work may be under way."""

    store: CheckpointStore
    breakers: Breakers

    def find(self, key: RunKey) -> Checkpoint | None:
        with self._watched():
            return self.store.find(key)

    def begin(self, run: Checkpoint) -> Checkpoint | Refused:
        with self._watched():
            return self.store.begin(run)

    def replace(
        self, seen: Checkpoint, new: Checkpoint, free_at: datetime | None = None
    ) -> Checkpoint | Refused:
        with self._watched():
            return self.store.replace(seen, new, free_at)

    def claim(self, claim: Claim) -> Checkpoint | Refused:
        with self._watched():
            return self.store.claim(claim)

    def extend(self, held: Checkpoint, until: datetime) -> bool:
        with self._watched():
            return self.store.extend(held, until)

    def settle(
        self, held: Checkpoint, new: Checkpoint, watermark: Watermark | None = None
    ) -> Checkpoint | Refused:
        with self._watched():
            return self.store.settle(held, new, watermark)

    def mark_published(self, continuation: Continuation) -> None:
        with self._watched():
            self.store.mark_published(continuation)

    def clear(self, key: RunKey) -> bool:
        with self._watched():
            return self.store.clear(key)

    def due_before(self, instant: datetime, limit: int) -> tuple[RunKey, ...]:
        with self._watched():
            return self.store.due_before(instant, limit)

    def count_due_before(self, instant: datetime) -> int:
        with self._watched():
            return self.store.count_due_before(instant)

    def watermark(self, user_id: str) -> datetime | None:
        with self._watched():
            return self.store.watermark(user_id)

    def look(self, key: RunKey) -> Seen:
        with self._watched():
            return self.store.look(key)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except Failure as failure:
            if _is_the_tables(failure):
                self.breakers.failed("", failure, STATE)
            raise
        self.breakers.worked(STATE)


def _is_the_tables(failure: Failure) -> bool:
    """One item that cannot be read is its own run's trouble."""
    refused = isinstance(failure, Permanent) and isinstance(failure.__cause__, AWS_ERRORS)
    return refused or isinstance(failure, Transient)
