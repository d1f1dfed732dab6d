"""Following a run to its end: a bar on a terminal, lines elsewhere, JSON lines for machines."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TextIO

from rich.console import Console

from domain.checkpoints import RunStatus
from domain.failures import Transient
from domain.ports import CheckpointStore, Clock, Pause
from entrypoints.following import Follower, Sight, Stage
from entrypoints.presenting import run_facts
from entrypoints.progress import Rate, RunProgress, describe

POLL = timedelta(seconds=0.5)
PATIENCE = 10
"""So many looks in a row may fail before following is given up."""


class Display(Protocol):
    """Shows sight after sight."""

    @abstractmethod
    def show(self, sight: Sight, now: datetime) -> None:
        """Show it."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Looks at the checkpoint twice a second until the run has ended; returns the last sight."""

    checkpoints: CheckpointStore
    clock: Clock
    pause: Pause

    def __call__(self, follower: Follower, display: Display) -> Sight:
        failures = 0
        while True:
            try:
                sight = follower.look(self.checkpoints.find(follower.request.key))
            except Transient:
                failures += 1
                if failures > PATIENCE:
                    raise
            else:
                failures = 0
                display.show(sight, self.clock.now())
                if sight.stage is Stage.ENDED:
                    return sight
            self.pause.wait(POLL)


class Lines(Display):
    """One line whenever something has changed."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._rate = Rate()
        self._last: object = None

    def show(self, sight: Sight, now: datetime) -> None:
        rate = None if sight.run is None else self._rate.at(sight.run, now)
        matters = _what_matters(sight)
        if matters != self._last:
            self._last = matters
            self._out.write(self._line(sight, now, rate) + "\n")
            self._out.flush()

    def _line(self, sight: Sight, now: datetime, rate: float | None) -> str:
        if sight.run is None:
            return nothing_to_show(sight)
        status = "" if sight.run.status is RunStatus.RUNNING else f"{sight.run.status.value}: "
        return status + describe(sight.run, now, rate)


class JsonLines(Lines):
    """One JSON object a line whenever something has changed: the stage and the run."""

    def _line(self, sight: Sight, now: datetime, rate: float | None) -> str:
        run = None if sight.run is None else run_facts(sight.run, now)
        per_second = None if rate is None else round(rate, 1)
        facts = {"stage": sight.stage.value, "joined": sight.joined, "ordersPerSecond": per_second}
        return json.dumps({**facts, "run": run}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Bar(Display):
    """A live bar."""

    progress: RunProgress

    def show(self, sight: Sight, now: datetime) -> None:
        if sight.run is None:
            self.progress.say(nothing_to_show(sight))
        else:
            self.progress.show(sight.run, now)


def opened(out: TextIO, *, as_json: bool) -> AbstractContextManager[Display]:
    """What fits: JSON lines where asked for, a bar on a terminal, else lines."""
    if as_json or not out.isatty():
        return nullcontext(JsonLines(out) if as_json else Lines(out))
    return _bar(out)


@contextmanager
def _bar(out: TextIO) -> Iterator[Display]:
    with RunProgress(Console(file=out)) as progress:
        yield Bar(progress)


def nothing_to_show(sight: Sight) -> str:
    """Why there is no run."""
    if sight.stage is Stage.ENDED:
        return "the run was cleared"
    return "waiting for a worker to take the request up"


def _what_matters(sight: Sight) -> object:
    run = sight.run
    if run is None:
        return sight.stage
    told = (run.waiting_for, run.last_error)
    return sight.stage, run.run_id, run.status, run.page, run.totals, told
