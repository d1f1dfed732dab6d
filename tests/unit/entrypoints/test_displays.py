"""A run's progress on a terminal."""

from __future__ import annotations

import io
from datetime import timedelta

from rich.console import Console

from domain.checkpoints import RunStatus, Totals
from domain.failures import LastError, Reason
from entrypoints.displays import Bar
from entrypoints.following import Sight, Stage
from entrypoints.progress import Rate, RunProgress, describe
from tests.builders import NOW, a_run

HALF = a_run(totals=Totals(500, 2, expected=1000), due_at=NOW + timedelta(seconds=90))


def drawn(*sights: Sight) -> str:
    """What a wide terminal shows in the end."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=160, color_system=None)
    with RunProgress(console) as progress:
        for sight in sights:
            Bar(progress).show(sight, NOW)
    return out.getvalue()


class TestBar:
    def test_shows_how_far_the_run_is(self) -> None:
        text = drawn(Sight(Stage.RUNNING, HALF))
        assert "running" in text
        assert "saved 500 of 1,000, failed 2, page 1 in 1 min 30 s" in text

    def test_shows_that_nobody_has_taken_the_request_up(self) -> None:
        assert "waiting for a worker" in drawn(Sight(Stage.WAITING))

    def test_takes_brackets_in_a_text_for_what_they_are(self) -> None:
        error = LastError(Reason.SHOPIFY_ERROR, "[red]no[/red] [/]")
        assert "[red]no[/red] [/]" in drawn(Sight(Stage.RUNNING, a_run(last_error=error)))

    def test_is_full_when_the_run_is_complete_whatever_was_expected(self) -> None:
        run = a_run(status=RunStatus.COMPLETED, totals=Totals(990, 0, expected=1000))
        full, half = drawn(Sight(Stage.ENDED, run)), drawn(Sight(Stage.RUNNING, HALF))
        assert full.count("━") > half.count("━") or "╸" in half


class TestRate:
    def test_is_measured_from_the_first_look(self) -> None:
        rate = Rate()
        assert rate.at(HALF, NOW) is None
        more = a_run(totals=Totals(900, 2, expected=1000))
        assert rate.at(more, NOW + timedelta(seconds=4)) == 100

    def test_begins_anew_with_another_run(self) -> None:
        rate = Rate()
        rate.at(HALF, NOW)
        assert rate.at(a_run(run_id="run-2"), NOW + timedelta(seconds=4)) is None


class TestDescription:
    def test_tells_the_last_trouble(self) -> None:
        error = LastError(Reason.SHOPIFY_ERROR, "Shopify does not answer")
        assert describe(a_run(last_error=error), NOW).endswith("(Shopify does not answer)")
