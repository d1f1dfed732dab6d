"""The worker processes: how many there are, and what has been done to them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.chaos.deeds import Deed, longer_than_the_lease
from tests.e2e.running import ROOT

STOPPED_WITHIN = 30.0
"""Seconds from SIGTERM to the end of the process on a busy machine: the grace and a bit."""


@dataclass(slots=True, eq=False)
class Worker:
    process: subprocess.Popen[bytes]
    log: Path
    until: float = 0.0
    """When a paused worker goes on, or when a stopped one must have ended."""

    @property
    def is_at_work(self) -> bool:
        """Whether it has finished with some message: sooner there is little to disturb."""
        return b'"message settled"' in self.log.read_bytes()


@dataclass(slots=True, eq=False)
class Fleet:
    """Keeps `size` workers running; another one is started for each that is killed or stopped.

    `complaints` says which ended otherwise than they should.
    """

    environment: Mapping[str, str]
    folder: Path
    size: int
    chance: Random
    done: Counter[Deed] = field(default_factory=Counter, init=False)
    complaints: list[str] = field(default_factory=list, init=False)
    _running: list[Worker] = field(default_factory=list, init=False)
    _paused: list[Worker] = field(default_factory=list, init=False)
    _leaving: list[Worker] = field(default_factory=list, init=False)
    _started: int = field(default=0, init=False)

    @property
    def logs(self) -> list[Path]:
        return sorted(self.folder.glob("worker-*.log"))

    def tend(self) -> None:
        """Start what is missing, wake who has been paused for long enough, see who has ended."""
        now = time.monotonic()
        for worker in [each for each in self._paused if each.until <= now]:
            self._wake(worker)
        for worker in [each for each in self._running if each.process.poll() is not None]:
            self._running.remove(worker)
            self._complain(worker, f"ended by itself with {worker.process.returncode}")
        for worker in tuple(self._leaving):
            self._see_off(worker, now)
        while len(self._running) + len(self._paused) < self.size:
            self._running.append(self._start())

    def do(self, deed: Deed) -> bool:
        """Do it to a worker that is at work; False if there is none to do it to now."""
        busy = [worker for worker in self._running if worker.is_at_work]
        if not busy:
            return False
        worker = self.chance.choice(busy)
        if deed is Deed.PAUSE:
            return self._pause(worker)
        self._running.remove(worker)
        if deed is Deed.KILL:
            worker.process.kill()
            worker.process.wait()
        else:
            self._ask_to_leave(worker)
        self.done[deed] += 1
        return True

    def wake_all(self) -> None:
        for worker in tuple(self._paused):
            self._wake(worker)

    def dismiss(self) -> None:
        """Stop every worker as an operator would; returns when all have ended."""
        self.wake_all()
        for worker in tuple(self._running):
            self._running.remove(worker)
            self._ask_to_leave(worker)
        while self._leaving:
            for worker in tuple(self._leaving):
                self._see_off(worker, time.monotonic())
            time.sleep(0.05)

    def end(self) -> None:
        """Nobody is left, whatever happened."""
        for worker in (*self._running, *self._paused, *self._leaving):
            worker.process.kill()
            worker.process.wait()

    def _start(self) -> Worker:
        self._started += 1
        log = self.folder / f"worker-{self._started:03}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "entrypoints", "worker"],
                cwd=ROOT,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        return Worker(process, log)

    def _pause(self, worker: Worker) -> bool:
        """One at a time and never the last: somebody has to take over."""
        if self._paused or len(self._running) < 2:
            return False
        worker.process.send_signal(signal.SIGSTOP)
        worker.until = time.monotonic() + longer_than_the_lease(self.chance)
        self._running.remove(worker)
        self._paused.append(worker)
        self.done[Deed.PAUSE] += 1
        return True

    def _wake(self, worker: Worker) -> None:
        worker.process.send_signal(signal.SIGCONT)
        self._paused.remove(worker)
        self._running.append(worker)

    def _ask_to_leave(self, worker: Worker) -> None:
        worker.process.send_signal(signal.SIGTERM)
        worker.until = time.monotonic() + STOPPED_WITHIN
        self._leaving.append(worker)

    def _see_off(self, worker: Worker, now: float) -> None:
        code = worker.process.poll()
        if code is None and now < worker.until:
            return
        if code is None:
            self._complain(worker, f"has not ended {STOPPED_WITHIN:.0f} s after SIGTERM")
            worker.process.kill()
            worker.process.wait()
        elif code:
            self._complain(worker, f"ended with {code} after SIGTERM")
        self._leaving.remove(worker)

    def _complain(self, worker: Worker, what: str) -> None:
        self.complaints.append(f"worker {worker.process.pid} ({worker.log.name}) {what}")
