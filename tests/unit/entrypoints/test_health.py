"""Whether the worker lives, and whether it can work."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from threading import Thread
from typing import Any

import pytest

from adapters.dead_letter_limit import DeadLetterLimit
from domain.failures import Reason, Transient
from entrypoints.health import LONGEST_ROUND, LONGEST_WORK, Liveness, Readiness
from entrypoints.in_hand import AtWork
from entrypoints.ops_server import Answer
from entrypoints.pulses import Pulse
from tests.builders import VISIBILITY
from tests.fakes.clock import FakeClock
from tests.fakes.observer import FakeObserver

NOW = FakeClock().monotonic()
WELL = Pulse(
    ticked_at=NOW - 1,
    polled_at=NOW - 5,
    failing_polls=0,
    extended_at=NOW - 20,
    busy_since=(NOW - 2,),
    at_work=(AtWork(Thread(name="worker-1"), "message-1", "receipt-1", NOW - 2),),
    stopping=False,
)
TOO_LONG = LONGEST_ROUND.total_seconds() + 1
AN_HOUR = LONGEST_WORK.total_seconds() + 1


def body(answer: Answer) -> dict[str, Any]:
    return dict(json.loads(answer.body))


def a_limit() -> DeadLetterLimit:
    return DeadLetterLimit(FakeClock(), FakeObserver())


def liveness(pulse: Pulse) -> Answer:
    return Liveness(lambda: pulse, FakeClock(), workers=2, visibility=VISIBILITY)()


class TestLiveness:
    def test_is_given_while_the_loop_comes_round(self) -> None:
        answer = liveness(WELL)
        assert answer.status is HTTPStatus.OK
        assert body(answer) == {
            "status": "ok",
            "loopSecondsAgo": 1.0,
            "pollSecondsAgo": 5.0,
            "failingPolls": 0,
            "heartbeatSecondsAgo": 20.0,
            "busyWorkers": 1,
            "workersBusySeconds": [2.0],
            "workers": {"worker-1": 2.0},
            "stopping": False,
        }

    @pytest.mark.parametrize(
        "trouble",
        [
            {"ticked_at": NOW - TOO_LONG},
            {"extended_at": NOW - TOO_LONG - VISIBILITY.total_seconds()},
            {"busy_since": (NOW - AN_HOUR, NOW - AN_HOUR)},
            {"failing_since": NOW - 301, "failing_polls": 11},
        ],
        ids=[
            "the loop hangs",
            "the heartbeat has stopped",
            "every worker hangs",
            "polls have failed for minutes",
        ],
    )
    def test_ends_when(self, trouble: dict[str, Any]) -> None:
        assert liveness(replace(WELL, **trouble)).status is HTTPStatus.SERVICE_UNAVAILABLE

    @pytest.mark.parametrize(
        "harmless",
        [
            {"failing_polls": 9, "polled_at": None, "failing_since": NOW - 200},
            {"busy_since": (NOW - AN_HOUR, NOW - 3)},
            {
                "ticked_at": NOW - TOO_LONG,
                "extended_at": NOW - AN_HOUR,
                "failing_since": NOW - AN_HOUR,
                "stopping": True,
            },
        ],
        ids=["SQS has been away for a short while", "one worker hangs", "the process stops"],
    )
    def test_goes_on_although(self, harmless: dict[str, Any]) -> None:
        assert liveness(replace(WELL, **harmless)).status is HTTPStatus.OK


class Part:
    """Something that has to be reached."""

    def __init__(self) -> None:
        self.away = True
        self.looks = 0

    def __call__(self) -> None:
        self.looks += 1
        if self.away:
            raise Transient(Reason.DATABASE_ERROR, "table orders: no answer")


class TestReadiness:
    def test_comes_when_everything_was_reached(self) -> None:
        part = Part()
        readiness = Readiness(lambda: WELL, {"orders": part}, a_limit())
        assert body(readiness())["missing"] == {"orders": "not tried yet"}
        readiness.look()
        assert body(readiness())["missing"] == {"orders": "table orders: no answer"}
        assert readiness().status is HTTPStatus.SERVICE_UNAVAILABLE
        part.away = False
        readiness.look()
        assert readiness().status is HTTPStatus.OK

    def test_asks_no_more_for_what_was_reached(self) -> None:
        part = Part()
        part.away = False
        readiness = Readiness(lambda: WELL, {"orders": part}, a_limit())
        readiness.look()
        readiness.look()
        assert part.looks == 1

    @pytest.mark.parametrize(
        ("pulse", "why"),
        [
            (replace(WELL, polled_at=None), "not tried yet"),
            (replace(WELL, failing_polls=1), "it does not answer"),
            (replace(WELL, failing_polls=1, refusal="access denied"), "access denied"),
            (replace(WELL, stopping=True), "the worker stops"),
        ],
    )
    def test_needs_the_queue(self, pulse: Pulse, why: str) -> None:
        answer = Readiness(lambda: pulse, {}, a_limit())()
        assert answer.status is HTTPStatus.SERVICE_UNAVAILABLE
        assert body(answer)["missing"] == {"queue": why}

    def test_is_lost_while_dead_letters_are_held_back(self) -> None:
        limit = a_limit()
        while limit.draw():
            pass
        answer = Readiness(lambda: WELL, {}, limit)()
        assert answer.status is HTTPStatus.SERVICE_UNAVAILABLE
        assert list(body(answer)["missing"]) == ["dead-letters"]


def test_a_round_is_longer_than_a_long_poll_and_a_pause() -> None:
    assert timedelta(seconds=55) < LONGEST_ROUND
