"""Which call meets which mishap."""

from __future__ import annotations

from collections import Counter

import pytest

from sandbox.aws.fates import Fates, Mishap, Rates

WRITE = "DynamoDB_20120810.BatchWriteItem"
SEND = "AmazonSQS.SendMessage"
RATES = Rates(lost=0.1, late=0.1, server_error=0.1, throttled=0.1, unprocessed=0.1)


def drawn(fates: Fates, target: str, times: int = 200) -> list[Mishap | None]:
    return [fates.of(target).mishap for _ in range(times)]


class TestFates:
    def test_follow_from_the_seed(self) -> None:
        assert drawn(Fates(7, RATES), WRITE) == drawn(Fates(7, RATES), WRITE)
        assert drawn(Fates(7, RATES), WRITE) != drawn(Fates(8, RATES), WRITE)

    def test_of_one_operation_do_not_depend_on_the_calls_of_another(self) -> None:
        alone, together = Fates(7, RATES), Fates(7, RATES)
        expected = drawn(alone, WRITE, 50)
        found = []
        for _ in range(50):
            drawn(together, SEND, 3)
            found += drawn(together, WRITE, 1)
        assert found == expected

    def test_come_at_their_rates(self) -> None:
        found = Counter(drawn(Fates(7, RATES), WRITE, 5_000))
        assert set(found) == {None, *Mishap}
        for mishap in Mishap:
            assert 400 < found[mishap] < 600

    def test_leave_nothing_unprocessed_that_is_no_batch(self) -> None:
        fates = Fates(7, Rates(unprocessed=1.0))
        assert set(drawn(fates, WRITE)) == {Mishap.UNPROCESSED}
        assert set(drawn(fates, SEND)) == {None}

    def test_are_calm_once_switched_off_and_rage_again_with_other_rates(self) -> None:
        fates = Fates(7, Rates(lost=1.0))
        assert set(drawn(fates, SEND)) == {Mishap.LOST}
        fates.calm()
        assert set(drawn(fates, SEND)) == {None}
        fates.change(Rates(late=1.0))
        assert set(drawn(fates, SEND)) == {Mishap.LATE}

    def test_spare_what_is_no_operation(self) -> None:
        assert set(drawn(Fates(7, Rates(lost=1.0)), "")) == {None}


class TestRates:
    @pytest.mark.parametrize(
        "wrong", [{"lost": -0.1}, {"lost": 0.6, "throttled": 0.6}, {"longest_delay": -1.0}]
    )
    def test_that_make_no_sense_are_refused(self, wrong: dict[str, float]) -> None:
        with pytest.raises(ValueError, match="rates are at least 0"):
            Rates(**wrong)
