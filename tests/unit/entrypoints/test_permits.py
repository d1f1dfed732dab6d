"""Permits to work on a message."""

from __future__ import annotations

from threading import Thread

import pytest

from entrypoints.permits import Permits

SOON = 5.0
NOT_AT_ALL = 0.0


class TestPermits:
    def test_gives_out_as_many_as_are_free(self) -> None:
        permits = Permits(3)
        assert permits.take(2, SOON) == 2
        assert permits.take(10, SOON) == 1
        assert permits.taken == 3

    def test_gives_out_none_when_none_is_free_in_time(self) -> None:
        permits = Permits(1)
        permits.take(1, SOON)
        assert permits.take(1, NOT_AT_ALL) == 0

    def test_gives_out_what_is_given_back(self) -> None:
        permits = Permits(2)
        permits.take(2, SOON)
        waiting: list[int] = []
        thread = Thread(target=lambda: waiting.append(permits.take(10, SOON)), daemon=True)
        thread.start()
        permits.give_back()
        thread.join(SOON)
        assert waiting == [1]

    def test_sends_who_waits_away_when_it_closes(self) -> None:
        permits = Permits(1)
        permits.take(1, SOON)
        waiting: list[int] = []
        thread = Thread(target=lambda: waiting.append(permits.take(1, SOON)), daemon=True)
        thread.start()
        permits.close()
        thread.join(SOON)
        assert waiting == [0]

    def test_gives_out_none_once_closed(self) -> None:
        permits = Permits(1)
        permits.close()
        assert permits.take(1, SOON) == 0

    @pytest.mark.parametrize("count", [2, -1])
    def test_refuses_more_than_were_taken(self, count: int) -> None:
        permits = Permits(3)
        permits.take(1, SOON)
        with pytest.raises(ValueError, match="given back"):
            permits.give_back(count)

    def test_knows_when_all_are_back(self) -> None:
        permits = Permits(2)
        assert permits.all_back(NOT_AT_ALL)
        permits.take(1, SOON)
        assert not permits.all_back(NOT_AT_ALL)
        assert not permits.all_back(-1.0)
        permits.give_back()
        assert permits.all_back(NOT_AT_ALL)
