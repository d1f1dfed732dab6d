"""`python -m tests.chaos`: so many kills, then calm; exit code 1 if something does not hold."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.options import WRITES, Options
from tests.chaos.play import play

INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """0 if everything held, 1 if not, 2 if the options make no sense."""
    asked = _asked(arguments)
    try:
        options = Options(
            seed=asked.seed, kills=asked.kills, workers=asked.workers, writes=asked.writes
        )
    except ValueError as error:
        sys.stderr.write(f"chaos: {error}\n")
        return 2
    folder = asked.logs or Path(tempfile.mkdtemp(prefix="chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    _say(f"chaos with seed {options.seed}, order writes {options.writes}; logs: {folder}")
    try:
        report = play(options, folder, _say)
    except KeyboardInterrupt:
        return INTERRUPTED
    for line in report.lines():
        _say(line)
    _say("something does not hold" if report.complaints else "everything holds")
    return 1 if report.complaints else 0


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="SIGKILLs before it calms down")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="default: a new one")
    parser.add_argument("--workers", type=int, default=3, help="worker processes at once")
    parser.add_argument("--writes", choices=WRITES, default="batch", help="SYNC_ORDER_WRITES")
    parser.add_argument("--logs", type=Path, help="folder for the workers' logs")
    return parser.parse_args(arguments)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
