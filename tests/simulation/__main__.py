"""Play schedules by hand: one with its trace, many, or some with a bug planted."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from itertools import count, islice
from math import inf
from pathlib import Path
from typing import Annotated

import typer

from tests.planting import PlantedBug, plant, took_root
from tests.simulation.bugs import BUGS

ROOT = Path(__file__).parents[2]
app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)

Bug = Annotated[str | None, typer.Option(help="Plant this bug first (see `bugs`).")]


@app.command()
def play(seed: int, bug: Bug = None) -> None:
    """Play one schedule and show all that happens in it."""
    _plant(bug)
    from tests.simulation.course import Violation  # noqa: PLC0415 - after the bug was planted
    from tests.simulation.properties import play as play_schedule  # noqa: PLC0415

    try:
        play_schedule(seed, print)
    except Violation as violation:
        print(f"\nviolated: {violation}")
        raise typer.Exit(1) from None
    print("\nevery property holds")


@app.command()
def soak(
    schedules: Annotated[
        int | None, typer.Option(help="How many; without end if left out.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="For so long.")] = None,
    first: Annotated[int | None, typer.Option(help="The first seed; any if left out.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
) -> None:
    """Play schedules with fresh seeds and report what they were made of."""
    from tests.simulation.soak import Tally, report  # noqa: PLC0415
    from tests.simulation.soak import soak as play_many  # noqa: PLC0415

    start = secrets.randbelow(2**40) if first is None else first
    began = time.monotonic()
    until = inf if minutes is None else began + minutes * 60

    def tell(tally: Tally) -> None:
        print(
            f"\r{tally.schedules:,} schedules, {len(tally.failures)} violations",
            end="",
            file=sys.stderr,
        )

    seeds = islice(count(start), schedules)
    tally = play_many(seeds, jobs, until, tell)
    print(file=sys.stderr)
    print(f"seeds from {start}\n\n{report(tally, time.monotonic() - began)}")
    if tally.failures:
        print(f"\n{tally.failures[0].told()}")
        print("\n".join(f"{each.seed}: {each.what}" for each in tally.failures[:100]))
        raise typer.Exit(1)


@app.command()
def bugs(
    name: Annotated[str | None, typer.Argument(help="This one only.")] = None,
    most: Annotated[int, typer.Option(help="Schedules to find it in.")] = 10_000,
) -> None:
    """Plant each bug in turn and count the schedules that it takes to find it."""
    wanted = [bug for bug in BUGS if name in {None, bug.name}]
    missed = 0
    print("| planted bug | what it breaks | schedules | found as |\n|---|---|---:|---|")
    for bug in wanted:
        told = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "find", bug.name, "--most", str(most)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        missed += told.returncode
        print(
            f"| {bug.name} | {bug.why} | {told.stdout.strip() or told.stderr[-300:]} |", flush=True
        )
    print(f"\n{len(wanted) - missed} of {len(wanted)} found")
    raise typer.Exit(min(missed, 1))


@app.command(hidden=True)
def find(name: str, most: int = 10_000, first: int = 0) -> None:
    """Plant the bug in this process and play until a property is violated."""
    bug = _plant(name)
    from tests.simulation.soak import play_all  # noqa: PLC0415 - after the bug was planted

    for seed in range(first, first + most):
        found = play_all([seed]).failures
        if found:
            if bug is None or not took_root(bug):
                raise typer.BadParameter(f"{name} is planted where nobody looks")
            print(f"{seed - first + 1} | {found[0].what[:150]}")
            return
    print(f"more than {most} | not found")
    raise typer.Exit(1)


def _plant(name: str | None) -> PlantedBug | None:
    if name is None:
        return None
    found = next((bug for bug in BUGS if bug.name == name), None)
    if found is None:
        raise typer.BadParameter(f"the bugs are {', '.join(bug.name for bug in BUGS)}")
    plant(found)
    return found


if __name__ == "__main__":
    app()
