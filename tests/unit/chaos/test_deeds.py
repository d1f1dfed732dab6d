"""What is done to workers, drawn by lot."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.chaos.__main__ import main
from tests.chaos.deeds import Deed, deeds
from tests.chaos.options import Options


class TestDeeds:
    def test_are_the_same_for_the_same_seed(self) -> None:
        first, again, other = (
            list(deeds(options, options.lots("deeds")))
            for options in (Options(seed=1), Options(seed=1), Options(seed=2))
        )
        assert first == again != other

    def test_are_as_many_kills_as_asked_for_and_some_of_each_other(self) -> None:
        options = Options(seed=1, kills=3)
        drawn = Counter(deed for _, deed in deeds(options, options.lots("deeds")))
        assert drawn == {Deed.KILL: 3, Deed.PAUSE: 1, Deed.STOP: 1}


class TestTheProgram:
    def test_refuses_options_that_make_no_sense(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--kills", "0"]) == 2
        assert "kills, workers, merchants, orders and page size are at least 1" in (
            capsys.readouterr().err
        )
