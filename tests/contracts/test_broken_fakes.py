"""Contract suites find fakes that are broken on purpose; `make broken-fakes` breaks them all."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.contracts.broken.hunting import BUGS, fake_of, find, hunt_all, table
from tests.contracts.broken.suites import SUITES
from tests.planting import PlantedBug, changed_source

SAMPLE = (
    "claim-ignores-the-lease",
    "queue-settles-by-a-stale-receipt",
    "report-drops-a-failed-order",
)
"""Broken for real whenever the suite runs; each takes more than a second."""


class TestBrokenFakes:
    @pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
    def test_still_fit_their_sources(self, bug: PlantedBug) -> None:
        assert bug.new in changed_source(bug)

    def test_have_names_of_their_own(self) -> None:
        assert len({bug.name for bug in BUGS}) == len(BUGS)

    def test_are_at_least_two_of_each_fake(self) -> None:
        fakes = {file.stem for file in Path("tests/fakes").glob("*.py")}
        assert fakes == set(SUITES)
        broken = Counter(map(fake_of, BUGS))
        assert {fake for fake in fakes if broken[fake] < 2} == set()

    def test_are_found_by_their_suites(self) -> None:
        hunts = hunt_all([bug for name in SAMPLE if (bug := find(name))])
        assert len(hunts) == len(SAMPLE)
        assert all(each.found_by for each in hunts), table(hunts)
