"""SIGTERM and SIGINT: the first one asks for an orderly stop, the second one ends at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)
EXIT_AT_ONCE = 1


@contextmanager
def stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    """`stop` is called, once and in a thread of its own, when the first signal arrives.

    To be entered in the main thread; the former handlers are back when the context ends.
    """
    arrived: SimpleQueue[bool] = SimpleQueue()
    seen: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        # A handler interrupts the main thread anywhere, perhaps inside of a lock: putting into a
        # SimpleQueue is documented to be safe there, setting an Event is not.
        if seen:
            os._exit(EXIT_AT_ONCE)
        seen.append(number)
        arrived.put(True)

    def watch() -> None:
        if arrived.get():
            stop()

    watcher = Thread(target=watch, name="stop-signals", daemon=True)
    watcher.start()
    former = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        arrived.put(False)
        watcher.join()
