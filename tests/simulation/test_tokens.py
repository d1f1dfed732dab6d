"""Many schedules of workers that refresh one shop's tokens."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.planting import PlantedBug, changed_source
from tests.simulation.course import Violation
from tests.simulation.token_bugs import TOKEN_BUGS
from tests.simulation.tokens import play

ROOT = Path(__file__).parents[2]
FIXED, FRESH = 40, 20
SOON_FOUND = ("use-before-storing", "forget-the-token-before", "lease-for-ever")
KINDS = {
    "crash",
    "lost answer of Shopify",
    "lost answer of the table",
    "no answer of Shopify",
    "no answer of the table",
    "pause",
}


def played(seeds: range) -> Counter[str]:
    """What went wrong in these schedules; fails with the seed at the first violation."""
    happened: Counter[str] = Counter()
    for seed in seeds:
        try:
            happened.update(play(seed))
        except Violation as violation:
            again = f"python -m tests.simulation.token_soak play {seed}"
            pytest.fail(f"{violation}\nsee it again: {again}")
    return happened


class TestAnySchedule:
    def test_of_a_fixed_seed_keeps_every_promise(self) -> None:
        assert played(range(FIXED)).keys() >= KINDS

    def test_of_a_fresh_seed_keeps_every_promise(self) -> None:
        first = secrets.randbelow(2**40)
        played(range(first, first + FRESH))

    def test_follows_from_its_seed_alone(self) -> None:
        lines: list[str] = []
        again: list[str] = []
        play(7, lines.append)
        play(7, again.append)
        assert lines == again
        assert any("served" in line for line in lines)


class TestAPlantedBug:
    @pytest.mark.parametrize("bug", TOKEN_BUGS, ids=lambda bug: bug.name)
    def test_fits_the_source(self, bug: PlantedBug) -> None:
        assert bug.new in changed_source(bug)

    @pytest.mark.parametrize("name", SOON_FOUND)
    def test_is_found(self, name: str) -> None:
        arguments = ["-m", "tests.simulation.token_soak", "find", name, "--most", "40"]
        found = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert found.returncode == 0, found.stdout + found.stderr
