"""How many messages may be dead-lettered."""

from __future__ import annotations

from domain.dead_lettering import CALM, MOST_AT_ONCE, Allowance

NOW = 1000.0
MINUTE = 60.0


def used_up() -> Allowance:
    allowance = Allowance(NOW)
    for _ in range(MOST_AT_ONCE):
        assert not allowance.used_up
        allowance = allowance.spent()
    return allowance


class TestAnAllowance:
    def test_is_used_up_after_a_hundred(self) -> None:
        assert used_up().used_up

    def test_is_there_again_some_minutes_later(self) -> None:
        assert used_up().at(NOW + (CALM - 1) * MINUTE).used_up
        assert not used_up().at(NOW + CALM * MINUTE).used_up

    def test_is_earned_by_messages_that_are_done(self) -> None:
        allowance = used_up()
        for _ in range(CALM):
            assert allowance.used_up
            allowance = allowance.earned()
        assert not allowance.used_up

    def test_never_is_used_up_while_every_other_message_is_done(self) -> None:
        allowance = Allowance(NOW)
        for _ in range(10_000):
            allowance = allowance.spent().earned()
        assert not allowance.used_up

    def test_does_not_grow_beyond_a_hundred(self) -> None:
        assert Allowance(NOW).earned().at(NOW + 1000 * MINUTE).left == MOST_AT_ONCE
