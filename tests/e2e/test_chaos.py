"""A little chaos: `make chaos` is the long version of it."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.deeds import Deed
from tests.chaos.options import Options
from tests.chaos.play import play


class TestWorkersUnderChaos:
    def test_lose_nothing_and_count_no_page_twice(self, tmp_path: Path) -> None:
        options = Options(
            seed=11,
            kills=3,
            workers=2,
            merchants=2,
            orders=60,
            most_lines=2,
            page_size=10,
            longest_gap=2.0,
            longest_rest=90.0,
        )
        said: list[str] = []

        report = play(options, tmp_path, said.append)

        assert not report.complaints, "\n".join((*said, *report.lines()))
        assert report.deeds == {Deed.KILL: 3, Deed.PAUSE: 1, Deed.STOP: 1}
        assert report.faults["happened"]
        found = report.findings
        assert found.items_in_table + report.letters.orders >= found.orders_in_shops > 0
        assert (found.lost, found.twice, found.older) == (0, 0, 0)
        assert (report.history.counted_twice, report.history.skipped) == (0, 0)
        assert report.logs.stored_twice == 0
