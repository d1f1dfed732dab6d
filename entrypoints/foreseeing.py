"""What a worker would do with a dead letter today, for people who think of redriving it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import assert_never

from domain.chain import Carry, Coalesce, Drop, PublishNext, Resume, Revive, Start, Wait, judge
from domain.chain import answer as answer_request
from domain.checkpoints import Checkpoint
from domain.failures import Failure
from domain.messages import (
    Continuation,
    Message,
    PurgeRequest,
    RedactRequest,
    RetryBatch,
    RunKey,
    SyncRequest,
)
from domain.outcomes import How
from domain.ports import CheckpointStore, Clock, FailedBatchStore

_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Foreseen:
    """In words; `dropped` if the message would end without doing anything."""

    words: str
    dropped: bool = False


MOVED_ON = Foreseen("stale: the run has moved on", dropped=True)
GONE = Foreseen("stale: there is no such run any more", dropped=True)
PAGE_DONE = Foreseen("stale: the page is done", dropped=True)
RUNS_ALREADY = Foreseen("dropped: such a sync is running already", dropped=True)
ANSWERED = Foreseen("dropped: the request was answered", dropped=True)
BATCH_GONE = Foreseen("stale: the batch is stored or cleared", dropped=True)
NO_MESSAGE = Foreseen("comes back here: the body is no message of ours")


@dataclass(slots=True)
class Foresee:
    """Looks at the checkpoint (once for each user and sync type) or at the failed batch.

    `decode` reads a body, for the message of that id; a ValueError means that it is none of ours.
    """

    decode: Callable[[str, str], Message]
    checkpoints: CheckpointStore
    failed_batches: FailedBatchStore
    clock: Clock
    stall_grace: timedelta
    _runs: dict[RunKey, Checkpoint | None] = field(default_factory=dict)

    def __call__(self, body: str, message_id: str) -> Foreseen:
        """Never raises for a table that does not answer: that is what it says then."""
        try:
            return self._foreseen(self.decode(body, message_id))
        except ValueError:
            return NO_MESSAGE
        except Failure as failure:
            return Foreseen(f"unknown: {failure.message}")

    def _foreseen(self, message: Message) -> Foreseen:
        match message:
            case SyncRequest():
                return self._request(message)
            case Continuation():
                return self._continuation(message)
            case RetryBatch():
                return self._retry(message)
            case PurgeRequest():
                return Foreseen("purges the user")
            case RedactRequest():
                return Foreseen("redacts the customer")
            case other:
                assert_never(other)

    def _request(self, request: SyncRequest) -> Foreseen:
        stored = self._run(request.key)
        match answer_request(request, stored, self.clock.now(), self.stall_grace):
            case Start():
                return Foreseen("starts a run")
            case Resume(run):
                return _goes_on(run)
            case Carry(continuation):
                return self._continuation(continuation)
            case Coalesce():
                return RUNS_ALREADY
            case Drop():
                return ANSWERED
            case other:
                assert_never(other)

    def _continuation(self, continuation: Continuation) -> Foreseen:
        stored, now = self._run(continuation.key), self.clock.now()
        match judge(continuation, stored, now):
            case Drop(how):
                if stored is None:
                    return GONE
                return PAGE_DONE if how is How.DUPLICATE else MOVED_ON
            case PublishNext(run):
                return Foreseen(f"publishes page {run.page}")
            case Revive(run):
                return _goes_on(run)
            case Wait(until):
                later = " when its lease ends" if until > now else ""
                return Foreseen(f"goes on at page {continuation.page}{later}")
            case other:
                assert_never(other)

    def _retry(self, message: RetryBatch) -> Foreseen:
        if message.batch_id is None:
            batches = len(self.failed_batches.of(message.key))
            return Foreseen(f"tries {batches} failed batches again") if batches else BATCH_GONE
        found = self.failed_batches.find(message.key, message.batch_id)
        return BATCH_GONE if found is None else Foreseen("tries the batch again")

    def _run(self, key: RunKey) -> Checkpoint | None:
        if key not in self._runs:
            if len(self._runs) >= _REMEMBERED:
                self._runs.clear()
            self._runs[key] = self.checkpoints.find(key)
        return self._runs[key]


def _goes_on(run: Checkpoint) -> Foreseen:
    return Foreseen(f"goes on at page {run.page}")
