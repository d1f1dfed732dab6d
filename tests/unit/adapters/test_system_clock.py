"""The operating system's time and randomness."""

from __future__ import annotations

from datetime import UTC

from adapters.system_clock import SystemChance, SystemClock


class TestSystemClock:
    def test_tells_the_time_in_utc(self) -> None:
        assert SystemClock().now().tzinfo is UTC

    def test_never_goes_back(self) -> None:
        clock = SystemClock()
        seconds = [clock.monotonic() for _ in range(100)]
        assert seconds == sorted(seconds)


class TestSystemChance:
    def test_gives_numbers_from_nought_to_one(self) -> None:
        assert all(0 <= SystemChance().uniform() < 1 for _ in range(100))

    def test_gives_every_id_once(self) -> None:
        ids = {SystemChance().new_id() for _ in range(100)}
        assert len(ids) == 100
        assert all(len(each) == 32 for each in ids)
