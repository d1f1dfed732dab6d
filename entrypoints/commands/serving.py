"""`worker`: the daemon."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import typer


def worker() -> None:
    """Run the daemon until SIGTERM or Ctrl-C.

    Then it stops receiving, finishes the pages in hand within SYNC_SHUTDOWN_GRACE, gives the rest
    back to the queue and exits with 0. A second signal exits at once.
    """
    signal.signal(signal.SIGTERM, _leave)
    from entrypoints.worker import work  # noqa: PLC0415 - it knows every library; --help needs none

    raise typer.Exit(work())


def _leave(_number: int, _frame: FrameType | None) -> None:
    """While the worker is still being put together nothing is in hand.

    As a container's first process it would not even get a signal that nobody has asked for.
    """
    sys.exit(0)
