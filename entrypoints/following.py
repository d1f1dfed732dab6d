"""Which run answers a request, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from domain.checkpoints import Checkpoint, RunStatus
from domain.messages import SyncRequest
from domain.ports import Clock

SETTLING = timedelta(seconds=5)
"""How long after another request's run has ended ours may still begin one of its own."""


class Stage(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Sight:
    """What a look at the checkpoint shows; `joined` if the run answers an earlier request.

    An ended run that is None was cleared.
    """

    stage: Stage
    run: Checkpoint | None = None
    joined: bool = False

    @property
    def succeeded(self) -> bool:
        return (
            self.stage is Stage.ENDED
            and self.run is not None
            and self.run.status is RunStatus.COMPLETED
        )


@dataclass(slots=True)
class Follower:
    """Follows the run that answers a request, from looks at the checkpoint.

    A request that arrives while a run goes on leaves no trace in the checkpoint: that run answers
    it. `before` is the checkpoint from before the request was published.
    """

    request: SyncRequest
    before: Checkpoint | None
    clock: Clock
    _joined: str | None = field(default=None, init=False)
    _seen: bool = field(default=False, init=False)
    _ended_at: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.before is not None and self.before.status is RunStatus.RUNNING:
            self._join(self.before)

    def look(self, run: Checkpoint | None) -> Sight:
        """What the checkpoint, as it is now, says about the request."""
        if run is None:
            return Sight(Stage.ENDED if self._seen else Stage.WAITING)
        if self._answers(run):
            return self._look_at_ours(run)
        if run.status is RunStatus.RUNNING:
            return self._look_at_another(run)
        if run.run_id == self._joined:
            return self._look_at_joined(run)
        return Sight(Stage.ENDED, run) if self._seen else Sight(Stage.WAITING)

    def _answers(self, run: Checkpoint) -> bool:
        return self.request.request_id in (run.chain.request_id, *run.chain.earlier_requests)

    def _look_at_ours(self, run: Checkpoint) -> Sight:
        if run.status is RunStatus.RUNNING:
            self._seen = True
            return Sight(Stage.RUNNING, run)
        return Sight(Stage.WAITING) if self._will_resume(run) else Sight(Stage.ENDED, run)

    def _will_resume(self, run: Checkpoint) -> bool:
        """A request that comes again resumes its run that had failed before."""
        carries = run.chain.request_id == self.request.request_id
        return run == self.before and run.status is RunStatus.FAILED and carries

    def _look_at_another(self, run: Checkpoint) -> Sight:
        if self.request.restart:
            return Sight(Stage.WAITING)
        self._join(run)
        return Sight(Stage.RUNNING, run, joined=True)

    def _look_at_joined(self, run: Checkpoint) -> Sight:
        now = self.clock.monotonic()
        self._ended_at = now if self._ended_at is None else self._ended_at
        if now - self._ended_at < SETTLING.total_seconds():
            return Sight(Stage.RUNNING, run, joined=True)
        return Sight(Stage.ENDED, run, joined=True)

    def _join(self, run: Checkpoint) -> None:
        if not self.request.restart:
            self._joined, self._seen = run.run_id, True
