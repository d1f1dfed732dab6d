"""A run's progress as a bar on a terminal, and in one line of words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from domain.checkpoints import Checkpoint, RunStatus
from entrypoints.presenting import next_page, one_line


class RunProgress:
    """A live bar: saved, failed, expected, orders a second, next page in."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[facts]}"),
            console=console,
        )
        self._task = self._progress.add_task("waiting", total=None, facts="")
        self._rate = Rate()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, run: Checkpoint, now: datetime) -> None:
        """Show how far the run is."""
        self._progress.update(
            self._task,
            description=run.status.value,
            total=_whole(run),
            completed=_done(run),
            facts=escape(describe(run, now, self._rate.at(run, now))),
        )

    def say(self, text: str) -> None:
        """Show a text instead, where there is no run to show."""
        self._progress.update(self._task, description="", facts=escape(text))


@dataclass(slots=True)
class Rate:
    """Orders a second since a run was first looked at."""

    _run_id: str | None = field(default=None, init=False)
    _began: datetime | None = field(default=None, init=False)
    _done: int = field(default=0, init=False)

    def at(self, run: Checkpoint, now: datetime) -> float | None:
        """The rate up to now; None until there is something to tell."""
        done = _done(run)
        if self._began is None or run.run_id != self._run_id:
            self._run_id, self._began, self._done = run.run_id, now, done
        elapsed = (now - self._began).total_seconds()
        return (done - self._done) / elapsed if elapsed > 0 and done > self._done else None


def describe(run: Checkpoint, now: datetime, rate: float | None = None) -> str:
    """How far the run is, in one line of words."""
    totals = run.totals
    of = "" if totals.expected is None else f" of {totals.expected:,}"
    speed = "" if rate is None else f", {rate:,.0f} orders/s"
    left = f", {next_page(run, now)}" if run.status is RunStatus.RUNNING else ""
    trouble = "" if run.last_error is None else f" ({run.last_error.message})"
    return one_line(f"saved {totals.saved:,}{of}, failed {totals.failed:,}{speed}{left}{trouble}")


def _done(run: Checkpoint) -> int:
    return run.totals.saved + run.totals.failed


def _whole(run: Checkpoint) -> int | None:
    """A run may find more orders than were counted at its start, or fewer."""
    if run.status is RunStatus.COMPLETED:
        return _done(run)
    return None if run.totals.expected is None else max(run.totals.expected, _done(run))
