"""Many schedules: the same ones every time, and some that nobody has seen before."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.planting import PlantedBug, changed_source
from tests.simulation.bugs import BUGS
from tests.simulation.soak import play_all

ROOT = Path(__file__).parents[2]
FIXED = 80
FRESH = 120
A_PART = 40
SOON_FOUND = (
    "no-mark",
    "take-a-live-lease",
    "poison-takes-its-batch-along",
    "checkpoint-before-store",
)
"""Bugs whose schedules come early, so that planting them for real takes little time."""
KINDS = {
    "SIGTERM",
    "clear",
    "crash",
    "delivered again",
    "duplicate",
    "lost answer",
    "no answer",
    "pause",
    "received too often",
    "refused call",
    "shop: Permanent",
    "shop: RateLimited",
    "shop: TimedOut",
    "shop: Transient",
    "slow call",
}


def simulate(*arguments: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.simulation", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )


def keeps_every_promise(seeds: range) -> Counter[str]:
    """The faults that were met; fails with a trace at the first violation."""
    tally = play_all(seeds)
    if tally.failures:
        pytest.fail(tally.failures[0].told())
    return tally.faults


class TestAnySchedule:
    @pytest.mark.parametrize("first", range(0, FIXED, A_PART))
    def test_of_a_fixed_seed_keeps_every_promise(self, first: int) -> None:
        keeps_every_promise(range(first, first + A_PART))

    def test_of_a_fresh_seed_keeps_every_promise(self) -> None:
        first = secrets.randbelow(2**40)
        keeps_every_promise(range(first, first + FRESH))


class TestTheWorld:
    def test_makes_trouble_of_every_kind(self) -> None:
        faults: Counter[str] = Counter()
        for first in range(30_287, 31_287, A_PART):
            faults += keeps_every_promise(range(first, first + A_PART))
            if faults.keys() >= KINDS:
                return
        pytest.fail(f"never seen: {KINDS - faults.keys()}")

    def test_follows_from_its_seed_alone(self) -> None:
        once = simulate("play", "3", hash_seed="1")
        again = simulate("play", "3", hash_seed="2")
        assert once.returncode == 0, once.stdout[-2000:] + once.stderr
        assert once.stdout == again.stdout
        assert len(once.stdout.splitlines()) > 20

    def test_tells_what_was_violated_and_how_to_see_it_again(self) -> None:
        found = simulate("find", "take-a-live-lease", "--most", "100")
        seed = int(found.stdout.split()[0]) - 1
        shown = simulate("play", str(seed), "--bug", "take-a-live-lease")
        assert shown.returncode == 1, shown.stderr
        assert shown.stdout.splitlines()[-1].startswith("violated: 5: ")


class TestAPlantedBug:
    @pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
    def test_fits_the_source(self, bug: PlantedBug) -> None:
        """It would be found for the wrong reason if it named what is not there."""
        undefined = subprocess.run(
            [sys.executable, "-m", "ruff", "check", "--select=F821", "--isolated", "-"],
            input=changed_source(bug),
            capture_output=True,
            text=True,
            check=False,
        )
        assert undefined.returncode == 0, undefined.stdout

    @pytest.mark.parametrize("name", SOON_FOUND)
    def test_is_found(self, name: str) -> None:
        found = simulate("find", name, "--most", "200")
        assert found.returncode == 0, found.stdout + found.stderr
