"""Whether a dependency is asked at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.breakers import (
    LONGEST_PROBE,
    LONGEST_WAIT,
    PROBE_PATIENCE,
    SHORTEST_WAIT,
    Breaker,
    Tolerance,
)

NOW = 1000.0
ALMOST_ONE = 0.999_999


def after_failures(count: int, now: float = NOW, askers: int = 1) -> Breaker:
    breaker = Breaker(Tolerance(3, askers=askers))
    for _ in range(count):
        breaker = breaker.failed("asker", now)
    return breaker


class TestABreaker:
    def test_refuses_nobody_before_so_many_failures_in_a_row(self) -> None:
        assert not after_failures(2).refuses(NOW)

    def test_refuses_all_after_them(self) -> None:
        assert after_failures(3).refuses(NOW)

    def test_does_not_take_the_word_of_a_single_asker_where_several_are_needed(self) -> None:
        breaker = after_failures(100, askers=2)
        assert not breaker.refuses(NOW)
        assert breaker.failed("another", NOW).refuses(NOW)

    def test_lets_a_single_probe_through(self) -> None:
        breaker = after_failures(3)
        later = breaker.probe_at
        assert not breaker.refuses(later)
        assert breaker.admitted(later).refuses(later + 60)

    def test_waits_no_longer_for_a_probe_that_tells_nothing(self) -> None:
        breaker = after_failures(3)
        probing = breaker.admitted(breaker.probe_at)
        assert not probing.refuses(breaker.probe_at + PROBE_PATIENCE.total_seconds())

    def test_lets_another_probe_at_once_where_one_has_learnt_nothing(self) -> None:
        breaker = after_failures(3)
        probing = breaker.admitted(breaker.probe_at)
        assert not probing.undecided(breaker.probe_at + 1).refuses(breaker.probe_at + 1)

    def test_lets_nobody_through_for_somebody_who_was_no_probe(self) -> None:
        assert after_failures(3).undecided(NOW).refuses(NOW)

    def test_probes_less_and_less_often_but_once_a_minute(self) -> None:
        pauses = [after_failures(count).probe_at - NOW for count in range(3, 10)]
        assert pauses == [5, 10, 20, 40, 60, 60, 60]
        assert after_failures(10_000).probe_at - NOW == LONGEST_PROBE.total_seconds()

    @pytest.mark.parametrize(
        ("lasted", "longest"),
        [(0, SHORTEST_WAIT), (60, timedelta(seconds=60)), (86_400, LONGEST_WAIT)],
    )
    def test_lets_messages_wait_as_long_again_as_the_outage_has_lasted(
        self, lasted: float, longest: timedelta
    ) -> None:
        breaker = after_failures(3)
        breaker = breaker.admitted(breaker.probe_at)
        assert breaker.wait(NOW + lasted, 0.0) == longest / 2
        assert longest * 0.99 < breaker.wait(NOW + lasted, ALMOST_ONE) <= longest

    def test_lets_no_message_come_back_before_the_next_probe(self) -> None:
        breaker = after_failures(6)
        assert breaker.wait(NOW, 0.0) == timedelta(seconds=40)
        assert breaker.wait(NOW, 0.5) == timedelta(seconds=60)
