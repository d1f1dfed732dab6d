"""Many schedules, one after the other or on several cores; what they were made of, added up."""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice

from tests.simulation.course import Violation
from tests.simulation.properties import play

A_CHUNK = 50
SHOWN = 60
"""Lines of the trace that are shown of a schedule that violates a property."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A seed whose schedule violates a property."""

    seed: int
    what: str

    def told(self) -> str:
        """What was violated, how to see it again, and what happened before."""
        lines: list[str] = []
        try:
            play(self.seed, lines.append)
        except (Exception, Violation) as error:  # noqa: BLE001 - whatever it was, it is shown
            lines.append(f"{type(error).__name__}: {error}")
        shown = "\n".join(lines[-SHOWN:])
        return f"{shown}\n\n{self.what}\nreplay: python -m tests.simulation play {self.seed}"


@dataclass(slots=True)
class Tally:
    """What some schedules were made of."""

    schedules: int = 0
    steps: int = 0
    virtual_seconds: float = 0.0
    pages: int = 0
    orders: int = 0
    runs: int = 0
    cpu_seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.schedules += other.schedules
        self.steps += other.steps
        self.virtual_seconds += other.virtual_seconds
        self.pages += other.pages
        self.orders += other.orders
        self.runs += other.runs
        self.cpu_seconds += other.cpu_seconds
        self.faults += other.faults
        self.failures += other.failures


def play_all(seeds: Iterable[int]) -> Tally:
    """Play the seeds; a violation is noted and the next seed played."""
    tally = Tally()
    began = time.process_time()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # a schedule leaves few cycles
    for seed in seeds:
        tally.schedules += 1
        try:
            world = play(seed)
        except Violation as violation:
            tally.failures.append(Failure(seed, str(violation)))
            continue
        except Exception as error:  # noqa: BLE001 - an escaped exception violates a promise, too
            tally.failures.append(Failure(seed, f"escaped: {error!r}"))
            continue
        history = world.history
        tally.steps += history.steps
        tally.virtual_seconds += world.course.now
        tally.runs += len(history.advances)
        tally.pages += sum(map(len, history.advances.values()))
        tally.orders += sum(each.orders for run in history.advances.values() for each in run)
        tally.faults += history.ledger.faults
    tally.cpu_seconds = time.process_time() - began
    return tally


def soak(seeds: Iterator[int], jobs: int, until: float, tell: Callable[[Tally], None]) -> Tally:
    """Play seeds in `jobs` processes, until there are none left or the monotonic clock says so.

    `tell` is told what was played so far, now and then.
    """
    tally = Tally()
    with ProcessPoolExecutor(jobs) as processes:
        under_way: set[Future[Tally]] = set()
        while True:
            while len(under_way) < jobs + 1 and time.monotonic() < until:
                chunk = list(islice(seeds, A_CHUNK))
                if not chunk:
                    break
                under_way.add(processes.submit(play_all, chunk))
            if not under_way:
                return tally
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for each in done:
                tally.add(each.result())
                for failure in each.result().failures:
                    print(f"\n{failure.seed}: {failure.what}", file=sys.stderr, flush=True)
            tell(tally)


def report(tally: Tally, seconds: float) -> str:
    """What was played, as a table in Markdown."""
    minutes = max(tally.cpu_seconds, 0.001) / 60
    rows = [
        ("schedules", f"{tally.schedules:,}"),
        ("violations", f"{len(tally.failures):,}"),
        ("schedules a minute of CPU on one core", f"{tally.schedules / minutes:,.0f}"),
        ("seconds on the clock", f"{seconds:,.0f}"),
        ("steps", f"{tally.steps:,}"),
        ("virtual hours", f"{tally.virtual_seconds / 3600:,.0f}"),
        ("runs", f"{tally.runs:,}"),
        ("pages that counted", f"{tally.pages:,}"),
        ("orders handed over", f"{tally.orders:,}"),
        *((kind, f"{count:,}") for kind, count in sorted(tally.faults.items())),
    ]
    return "\n".join(
        f"| {name} | {figure} |" for name, figure in [("", ""), ("---", "---:"), *rows]
    )
