"""Many schedules, each from a seed: the same ones every time, and some new ones."""

from __future__ import annotations

import secrets

import pytest

from tests.simulation.properties import check
from tests.simulation.world import Simulation

FIXED = range(150)
FRESH = tuple(secrets.randbelow(2**32) for _ in range(150))
SHOWN = 40


def play(seed: int) -> None:
    simulation = Simulation(seed)
    try:
        simulation.run()
        check(simulation)
    except AssertionError as violation:
        trace = "\n".join(simulation.trace[-SHOWN:])
        pytest.fail(f"{violation}\nreplay: play({seed})\n{trace}")


class TestAnySchedule:
    @pytest.mark.parametrize("first", FIXED[::30])
    def test_of_a_fixed_seed_keeps_every_promise(self, first: int) -> None:
        for seed in FIXED[first : first + 30]:
            play(seed)

    def test_of_a_fresh_seed_keeps_every_promise(self) -> None:
        for seed in FRESH:
            play(seed)

    def test_makes_trouble_of_every_kind(self) -> None:
        kinds = set()
        for seed in range(20):
            simulation = Simulation(seed)
            simulation.run()
            kinds |= set(simulation.faults)
        assert kinds == {"crash", "pause", "duplicate", "lost answer", "unsettled", "clear"}
