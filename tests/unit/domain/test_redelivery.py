"""How long a message that failed stays hidden."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.redelivery import LONGEST_WAIT, backoff


class TestBackoff:
    def test_doubles(self) -> None:
        waits = [backoff(attempt, chance=0.999_999_999) for attempt in (1, 2, 3)]
        assert [round(wait.total_seconds()) for wait in waits] == [10, 20, 40]

    @pytest.mark.parametrize("attempt", [8, 1000, 10**9])
    def test_ends_at_a_quarter_of_an_hour(self, attempt: int) -> None:
        assert backoff(attempt, chance=0.5) == LONGEST_WAIT / 2

    def test_is_any_part_of_the_whole_but_never_nought(self) -> None:
        waits = [backoff(1, chance=part / 10).total_seconds() for part in range(10)]
        assert waits == [1, 1, 2, 3, 4, 5, 6, 7, 8, 9]

    def test_takes_an_attempt_of_nought_for_the_first(self) -> None:
        assert backoff(0, chance=0.5) == timedelta(seconds=5)
