"""Runs as the commands show them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.checkpoints import RunStatus
from entrypoints.presenting import columns, length, next_page, run_facts
from tests.builders import NOW, a_lease, a_run


class TestLength:
    @pytest.mark.parametrize(
        ("seconds", "words"),
        [
            (-3, "0 s"),
            (0.4, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (200, "3 min 20 s"),
            (3600, "1 h"),
            (18_120, "5 h 2 min"),
            (792_000, "9 d 4 h"),
        ],
    )
    def test_has_two_units_at_most(self, seconds: float, words: str) -> None:
        assert length(timedelta(seconds=seconds)) == words


class TestNextPage:
    @pytest.mark.parametrize(
        ("seconds", "words"),
        [(120, "page 1 in 2 min"), (0.5, "page 1 now"), (-90, "page 1 due since 1 min 30 s")],
    )
    def test_is_due(self, seconds: float, words: str) -> None:
        run = a_run(due_at=NOW + timedelta(seconds=seconds))
        assert next_page(run, NOW) == words

    def test_is_being_worked_on(self) -> None:
        assert next_page(a_run(lease=a_lease()), NOW) == "working on page 1"

    def test_waits_for_what_is_being_prepared(self) -> None:
        run = a_run(waiting_for="Shopify prepares the orders", due_at=NOW + timedelta(seconds=30))
        assert next_page(run, NOW) == "Shopify prepares the orders"
        assert run_facts(run, NOW)["waitingFor"] == "Shopify prepares the orders"

    def test_never_comes_once_the_run_has_ended(self) -> None:
        assert next_page(a_run(status=RunStatus.FAILED), NOW) == "-"


class TestRunFacts:
    def test_have_the_names_of_the_table(self) -> None:
        facts = run_facts(a_run(due_at=NOW + timedelta(seconds=30)), NOW)
        assert facts["userId"] == "user-1"
        assert facts["dueAt"] == "2026-11-23T12:00:30Z"
        assert facts["nextPageInSeconds"] == 30
        assert facts["lastError"] is None


class TestColumns:
    def test_are_aligned(self) -> None:
        assert columns([["a", "b"], ["long", "x"]]) == "a      b\nlong   x"

    def test_let_nothing_move_the_cursor(self) -> None:
        assert columns([["a\x1b[2J\nb"]]) == "a [2J b"
