"""SIGTERM and SIGINT: the first one asks for an orderly stop, the second one ends at once."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)
EXIT_AT_ONCE = 1
_NO_MORE = 0
"""No signal has that number."""


@contextmanager
def stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    """`stop` is called, once and in a thread of its own, when the first signal arrives.

    To be entered in the main thread; the former handlers are back when the context ends.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    watcher = Thread(target=_watch, args=(reader, stop), name="stop-signals", daemon=True)
    watcher.start()
    # A Python handler runs in the main thread only, which may be waiting for something else just
    # then; the interpreter's own handler tells the file descriptor at once.
    former_writer = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    former = {number: signal.signal(number, _leave_it_to_the_watcher) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(former_writer)
        writer.send(bytes([_NO_MORE]))
        watcher.join()
        reader.close()
        writer.close()


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt, as Ctrl-C does: for a command that holds something.

    To be entered in the main thread; the former handler is back when the context ends.
    """
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _leave_it_to_the_watcher(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: without a handler the signal would end the process."""


def _watch(reader: socket.socket, stop: Callable[[], None]) -> None:
    seen = 0
    while (number := reader.recv(1)[0]) != _NO_MORE:
        if number not in SIGNALS:
            continue
        seen += 1
        if seen > 1:
            os._exit(EXIT_AT_ONCE)
        # In a thread of its own again: a stop that hangs must not keep the second signal waiting.
        Thread(target=stop, name="stop", daemon=True).start()
