"""One broken fake, its suite, and the test that finds it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contracts.broken import checkpoints, erasures, queues, stores, surroundings
from tests.contracts.broken.suites import SUITES
from tests.planting import PlantedBug, plant, took_root

BUGS = (*checkpoints.BUGS, *erasures.BUGS, *queues.BUGS, *stores.BUGS, *surroundings.BUGS)
_ROOT = Path(__file__).parents[3]
_OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--no-header")
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Hunt:
    """`found_by` is the first test that failed; None if the fake passed as good."""

    bug: PlantedBug
    found_by: str | None


class _FirstFailure:
    """A plugin of pytest's that notes which test failed."""

    def __init__(self) -> None:
        self.test: str | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.test is None:
            self.test = report.nodeid.rpartition("/")[2]


def fake_of(bug: PlantedBug) -> str:
    return bug.module.rpartition(".")[2]


def find(name: str) -> PlantedBug | None:
    return next((bug for bug in BUGS if bug.name == name), None)


def hunt(bug: PlantedBug) -> str | None:
    """Plant the bug in this process and run its suite; the test that failed.

    Raises LookupError if the suite ran without the bug, or did not run at all.
    """
    plant(bug)
    first = _FirstFailure()
    tests = [str(Path("tests/contracts") / test) for test in SUITES[fake_of(bug)]]
    ended = pytest.main([*_OPTIONS, *tests], plugins=[first])
    if ended not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED} or not took_root(bug):
        raise LookupError(f"{bug.name}: its suite did not run with the bug in it ({ended!r})")
    return first.test


def hunt_elsewhere(bug: PlantedBug) -> Hunt:
    """The same in a process of its own. A suite that never ends has found nothing."""
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.contracts.broken", bug.name],
            cwd=_ROOT,
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Hunt(bug, None)
    if ended.returncode == 0:
        return Hunt(bug, ended.stdout.splitlines()[-1])
    if ended.stderr:
        raise LookupError(f"{bug.name}: {ended.stderr.splitlines()[-1]}")
    return Hunt(bug, None)


def hunt_all(bugs: Iterable[PlantedBug] = BUGS) -> list[Hunt]:
    """A process for each, as many at once as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(hunt_elsewhere, bugs))


def table(hunts: Iterable[Hunt]) -> str:
    rows = [(h.bug.name, fake_of(h.bug), h.found_by or "NOT FOUND") for h in hunts]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = [f"{name:{widths[0]}}  {fake:{widths[1]}}  {test}" for name, fake, test in rows]
    found = sum(test != "NOT FOUND" for _, _, test in rows)
    return "\n".join((*lines, f"{found} of {len(rows)} broken fakes found", ""))
