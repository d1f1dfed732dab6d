"""A fixed number of threads that work on messages."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import TypeAlias

Job: TypeAlias = Callable[[], None]


class Workers:
    """Daemon threads: one that hangs does not keep the process from exiting.

    `on_bug` is told of an exception that a job lets escape; its thread goes on with the next job.
    """

    def __init__(self, count: int, on_bug: Callable[[Exception], None]) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._on_bug = on_bug
        self._count = count

    def start(self) -> None:
        for number in range(self._count):
            name = f"worker-{number + 1}"
            Thread(target=self._run, name=name, daemon=True).start()

    def put(self, job: Job) -> None:
        """Have the job done by the next thread that is free."""
        self._jobs.put(job)

    def end(self) -> None:
        """Let each thread end after its job; does not wait for them."""
        for _ in range(self._count):
            self._jobs.put(None)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception as error:  # noqa: BLE001 - a bug in one message must not stop the others
                self._on_bug(error)
