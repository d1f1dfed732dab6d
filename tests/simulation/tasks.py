"""Work that stops wherever it waits, and goes on, or dies, when the world says so.

Each task is a greenlet: one runs at a time, and only `wait` hands over. A thousand switches take
some milliseconds, and what happens follows from the seed alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from greenlet import getcurrent, greenlet


class Crash(BaseException):
    """The process dies at this instruction: nothing after it happens."""


@dataclass(slots=True)
class Memory:
    """What a task has done so far, as far as the properties need to know."""

    message: Any = None
    """The message at hand, read: its fields by name."""
    message_id: str = ""
    receipt: str = ""
    """Of its delivery."""
    chains: set[str] = field(default_factory=set)
    """The chains that it had to do with: faults that hit it are theirs."""
    owner: str | None = None
    """The lease that it took last."""
    fetched: Any = None
    """The page that it was handed over last, with the request for it."""
    absent: set[str] = field(default_factory=set)
    """Orders that were not stored when it looked."""
    asked_at: float = 0.0
    """When it began its last call to DynamoDB."""
    settling: bool = False
    """Whether that was a checkpoint together with its watermark, which may need a second one."""
    faults: int = 0
    """How often something went wrong for it."""
    stale: str | None = None
    """Why the message at hand must do nothing; None if it may."""


class _Greenlet(greenlet):
    """Knows whose it is."""

    task: Task


class Task:
    """A piece of a process's work."""

    def __init__(self, name: str, process: Any, work: Callable[[], object]) -> None:
        self.name = name
        self.process = process
        self.by = 0.0
        self.until: Callable[[], bool] | None = None
        self.done = False
        self.started = False
        self.memory = Memory()
        self._work = work
        self._doomed = False
        self._greenlet = _Greenlet(self._run)
        self._greenlet.task = self

    @property
    def ends_soon(self) -> bool:
        """Whether it is one of those that bring in messages or let them go."""
        return self.name.endswith((" poll", " deletions"))

    def runnable(self, now: float) -> bool:
        """Whether it could go on, as far as it is concerned."""
        return self.by <= now or (self.until is not None and self.until())

    def go_on(self) -> None:
        """Let it run until it waits again, or to its end. Its exceptions are raised here."""
        self.started = True
        self._greenlet.switch()

    def crash(self) -> None:
        """Let it die where it stands; what it has sent is on its way all the same."""
        self._doomed = True
        if self._greenlet:
            self._greenlet.throw(Crash)
        self.done = True

    def wait(self, by: float, until: Callable[[], bool] | None = None) -> None:
        """Hand over to the world, to go on once `until` holds, or by then. Called by the task."""
        if self._doomed:
            raise Crash
        self.by, self.until = by, until
        world = self._greenlet.parent
        if world is None:
            raise RuntimeError(f"{self.name} has nobody to hand over to")
        world.switch()

    def _run(self) -> None:
        try:
            self._work()
        except Crash:
            return
        finally:
            self.done = True


def current() -> Task | None:
    """The task at work; None for the world itself."""
    return getattr(getcurrent(), "task", None)
