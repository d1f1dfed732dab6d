"""`worker`: the daemon."""

from __future__ import annotations

import typer


def worker() -> None:
    """Run the daemon until SIGTERM or Ctrl-C.

    Then it stops receiving, finishes the pages in hand within SYNC_SHUTDOWN_GRACE, gives the rest
    back to the queue and exits with 0. A second signal exits at once.
    """
    from entrypoints.worker import work  # noqa: PLC0415 - it knows every library; --help needs none

    raise typer.Exit(work())
