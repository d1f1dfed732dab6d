"""Threads that take turns: one runs at a time, and at every port call the simulation says which."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread, local
from typing import Any

_HERE = local()


class Crash(BaseException):
    """The process dies at this instruction: nothing after it happens."""


class Turn:
    """A piece of work that stops at every port call until it is its turn again."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._go = Event()
        self._stopped = Event()
        self._doomed = False
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def take(self) -> None:
        """Let it run to its next port call, or to its end."""
        self._stopped.clear()
        self._go.set()
        self._stopped.wait()

    def crash(self) -> None:
        """Let it die where it stands."""
        self._doomed = True
        self.take()
        if not self.done:
            raise AssertionError("a crashed process goes on")

    def _run(self) -> None:
        _HERE.turn = self
        try:
            self._pass()
            self.result = self._work()
        except BaseException as error:  # noqa: BLE001 - told to the simulation
            self.error = error
        self.done = True
        self._stopped.set()

    def _pass(self) -> None:
        self._go.wait()
        self._go.clear()
        if self._doomed:
            raise Crash

    def stop_here(self) -> None:
        if self._doomed:
            raise Crash
        self._stopped.set()
        self._pass()


def current_turn() -> Turn | None:
    """The work at hand; None outside of any."""
    turn: Turn | None = getattr(_HERE, "turn", None)
    return turn


def step() -> None:
    """A place where the work at hand may be overtaken, paused or ended."""
    turn = current_turn()
    if turn is not None:
        turn.stop_here()


class Stepwise:
    """Any port, with a step before and after each of its calls."""

    def __init__(self, port: Any, *atomic: str) -> None:
        self._port = port
        self._atomic = atomic

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found) or name in self._atomic:
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            step()
            answer = found(*arguments, **named)
            step()
            return answer

        return call
