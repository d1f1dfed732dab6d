"""Play schedules of the tokens' simulation by hand: one with its trace, many, or with a bug."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from tests.planting import plant, took_root
from tests.simulation.token_bugs import TOKEN_BUGS

ROOT = Path(__file__).parents[2]
app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@app.command()
def play(seed: int, bug: Annotated[str | None, typer.Option()] = None) -> None:
    """Play one schedule and show all that happens in it."""
    _plant(bug)
    from tests.simulation import tokens  # noqa: PLC0415 - after the bug was planted
    from tests.simulation.course import Violation  # noqa: PLC0415

    try:
        tokens.play(seed, print)
    except Violation as violation:
        print(f"\nviolated: {violation}")
        raise typer.Exit(1) from None
    print("\nevery property holds")


@app.command()
def soak(schedules: int = 1000, first: int = 0) -> None:
    """Play so many schedules; exit 1 at the first violation."""
    from tests.simulation import tokens  # noqa: PLC0415 - as above
    from tests.simulation.course import Violation  # noqa: PLC0415

    happened: Counter[str] = Counter()
    for seed in range(first, first + schedules):
        try:
            happened.update(tokens.play(seed))
        except Violation as violation:
            print(f"{seed}: {violation}")
            raise typer.Exit(1) from None
    print(f"{schedules:,} schedules, no violation: {dict(sorted(happened.items()))}")


@app.command()
def find(name: str, most: int = 1000) -> None:
    """Plant the bug and play until a property is violated."""
    _plant(name)
    from tests.simulation import tokens  # noqa: PLC0415 - after the bug was planted
    from tests.simulation.course import Violation  # noqa: PLC0415

    for seed in range(most):
        try:
            tokens.play(seed)
        except Violation as violation:
            if not all(took_root(bug) for bug in TOKEN_BUGS if bug.name == name):
                raise typer.BadParameter(f"{name} is planted where nobody looks") from None
            print(f"{seed + 1} | {violation}")
            return
    print(f"more than {most} | not found")
    raise typer.Exit(1)


@app.command()
def bugs(most: int = 400) -> None:
    """Plant each bug in turn and count the schedules that it takes to find it."""
    missed = 0
    print("| planted bug | what it breaks | schedules | found as |\n|---|---|---:|---|")
    for bug in TOKEN_BUGS:
        command = ["-m", "tests.simulation.token_soak", "find", bug.name, "--most", str(most)]
        told = subprocess.run(
            [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
        )
        missed += told.returncode != 0
        print(f"| `{bug.name}` | {bug.why} | {told.stdout.strip() or told.stderr[-300:]} |")
    raise typer.Exit(min(missed, 1))


def _plant(name: str | None) -> None:
    if name is None:
        return
    for bug in TOKEN_BUGS:
        if bug.name == name:
            plant(bug)
            return
    raise typer.BadParameter(f"the bugs are {', '.join(bug.name for bug in TOKEN_BUGS)}")


if __name__ == "__main__":
    sys.exit(app())
