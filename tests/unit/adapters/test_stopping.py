"""Waits that a shutdown ends."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

import pytest

from adapters.stopping import Stopping
from domain.failures import Interrupted

AN_HOUR = timedelta(hours=1)


class TestStopping:
    def test_waits_no_longer_than_asked(self) -> None:
        Stopping().wait(timedelta(milliseconds=1))

    def test_takes_a_negative_wait_for_none(self) -> None:
        Stopping().wait(-AN_HOUR)

    def test_ends_a_wait_that_is_under_way(self) -> None:
        stopping, ended = Stopping(), []

        def wait() -> None:
            try:
                stopping.wait(AN_HOUR)
            except Interrupted:
                ended.append(True)

        thread = Thread(target=wait, daemon=True)
        thread.start()
        stopping.stop()
        thread.join(5)
        assert ended == [True]

    def test_ends_waits_that_begin_later(self) -> None:
        stopping = Stopping()
        stopping.stop()
        assert stopping.stopped
        with pytest.raises(Interrupted):
            stopping.wait(timedelta(0))
