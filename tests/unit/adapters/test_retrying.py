"""Trying again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from adapters.retrying import Retrying, backoff
from domain.checkpoints import SourceName
from domain.failures import (
    Failure,
    Interrupted,
    PageTooLarge,
    Permanent,
    RateLimited,
    Reason,
    TimedOut,
    Transient,
)
from domain.occurrences import Retried, WaitedForRateLimit
from tests.fakes.observer import FakeObserver
from tests.fakes.pause import FakePause
from tests.shopify import Evenly

PATIENCE = timedelta(seconds=10)


class Call:
    """Fails in the given ways, one after another, then answers."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


def failed(retry_after: float | None = None) -> Transient:
    least = None if retry_after is None else timedelta(seconds=retry_after)
    return Transient(Reason.SHOPIFY_ERROR, "HTTP 502", retry_after=least)


def timed_out() -> TimedOut:
    return TimedOut(Reason.SHOPIFY_ERROR, "30 s")


def rate_limited(seconds: float) -> RateLimited:
    return RateLimited(timedelta(seconds=seconds))


@pytest.fixture
def pause() -> FakePause:
    return FakePause()


@pytest.fixture
def notes() -> FakeObserver:
    return FakeObserver()


@pytest.fixture
def retrying(pause: FakePause, notes: FakeObserver) -> Retrying:
    return Retrying(retries=3, pause=pause, chance=Evenly(), observer=notes)


class TestRetrying:
    def test_waits_for_nothing_when_the_call_works(
        self, retrying: Retrying, pause: FakePause
    ) -> None:
        assert retrying(Call(), PATIENCE) == "answer"
        assert pause.waits == []

    def test_doubles_the_wait_with_each_failure(self, retrying: Retrying, pause: FakePause) -> None:
        assert retrying(Call(failed(), failed(), failed()), PATIENCE) == "answer"
        assert pause.seconds == [1, 2, 4]

    def test_raises_the_last_failure_itself_when_the_retries_are_used_up(
        self, retrying: Retrying
    ) -> None:
        last = failed()
        call = Call(failed(), failed(), failed(), last)
        with pytest.raises(Transient) as raised:
            retrying(call, PATIENCE)
        assert raised.value is last
        assert call.calls == 4

    def test_never_waits_longer_than_a_minute(self, pause: FakePause, notes: FakeObserver) -> None:
        retrying = Retrying(retries=9, pause=pause, chance=Evenly(), observer=notes)
        retrying(Call(*(failed() for _ in range(9))), PATIENCE)
        assert pause.seconds == [1, 2, 4, 8, 16, 32, 60, 60, 60]

    def test_waits_at_least_as_long_as_the_failure_asks_for(
        self, retrying: Retrying, pause: FakePause
    ) -> None:
        retrying(Call(failed(retry_after=30), failed(retry_after=0.5)), PATIENCE)
        assert pause.seconds == [30, 2]

    def test_leaves_a_wait_of_more_than_a_minute_to_the_queue(
        self, retrying: Retrying, pause: FakePause
    ) -> None:
        with pytest.raises(Transient):
            retrying(Call(failed(retry_after=300)), PATIENCE)
        assert pause.waits == []

    def test_tries_a_time_out_again_only_once(self, retrying: Retrying) -> None:
        call = Call(timed_out(), timed_out(), timed_out())
        with pytest.raises(TimedOut):
            retrying(call, PATIENCE)
        assert call.calls == 2

    def test_counts_time_outs_among_the_failures(self, retrying: Retrying) -> None:
        call = Call(failed(), failed(), failed(), timed_out())
        with pytest.raises(TimedOut):
            retrying(call, PATIENCE)
        assert call.calls == 4

    @pytest.mark.parametrize(
        "failure",
        [
            Permanent(Reason.SHOP_UNAUTHORIZED, "no"),
            PageTooLarge("2003 points"),
            Interrupted(),
            ValueError("a bug"),
            KeyboardInterrupt(),
        ],
        ids=lambda failure: type(failure).__name__,
    )
    def test_passes_on_at_once_what_trying_again_does_not_change(
        self, retrying: Retrying, failure: BaseException
    ) -> None:
        call = Call(failure)
        with pytest.raises(type(failure)) as raised:
            retrying(call, PATIENCE)
        assert raised.value is failure
        assert call.calls == 1

    def test_tries_nothing_again_without_retries(
        self, pause: FakePause, notes: FakeObserver
    ) -> None:
        retrying = Retrying(retries=0, pause=pause, chance=Evenly(), observer=notes)
        with pytest.raises(Transient):
            retrying(Call(failed()), PATIENCE)
        assert pause.waits == []

    def test_says_what_was_tried_again_and_why(
        self, retrying: Retrying, notes: FakeObserver
    ) -> None:
        retrying(Call(failed(), timed_out()), PATIENCE)
        assert notes.occurrences == [
            Retried("shopify", "shopify-error"),
            Retried("shopify", "timed-out"),
        ]

    def test_keeps_calls_apart(self, retrying: Retrying, pause: FakePause) -> None:
        retrying(Call(failed(), failed(), failed()), PATIENCE)
        retrying(Call(failed(), rate_limited(10)), PATIENCE)
        assert pause.seconds == [1, 2, 4, 1, 10]


class TestWaitingForARateLimit:
    def test_lasts_as_long_as_the_source_says(self, retrying: Retrying, pause: FakePause) -> None:
        assert retrying(Call(rate_limited(2.5)), PATIENCE) == "answer"
        assert pause.seconds == [2.5]

    def test_is_no_failure(self, retrying: Retrying, pause: FakePause) -> None:
        limits = [rate_limited(1) for _ in range(8)]
        retrying(Call(failed(), failed(), *limits, failed()), PATIENCE)
        assert pause.seconds == [1, 2, *([1] * 8), 4]

    def test_ends_when_the_patience_is_used_up(self, retrying: Retrying, pause: FakePause) -> None:
        limits = [rate_limited(4) for _ in range(3)]
        with pytest.raises(RateLimited) as raised:
            retrying(Call(*limits), PATIENCE)
        assert raised.value.wait == timedelta(seconds=4)
        assert pause.seconds == [4, 4]

    def test_does_not_begin_if_it_would_last_too_long(
        self, retrying: Retrying, pause: FakePause
    ) -> None:
        with pytest.raises(RateLimited):
            retrying(Call(rate_limited(10.1)), PATIENCE)
        assert pause.waits == []

    def test_ends_at_last_when_the_source_never_says_how_long(self, retrying: Retrying) -> None:
        call = Call(*(rate_limited(0) for _ in range(1000)))
        with pytest.raises(RateLimited):
            retrying(call, PATIENCE)
        assert call.calls <= 101

    def test_is_told(self, retrying: Retrying, notes: FakeObserver) -> None:
        retrying(Call(rate_limited(3)), PATIENCE)
        waited = WaitedForRateLimit(SourceName.GRAPHQL, timedelta(seconds=3), in_queue=False)
        assert notes.occurrences == [waited]


@pytest.mark.parametrize("failure", [failed, lambda: rate_limited(1)], ids=["failed", "limited"])
class TestAShutdown:
    def test_ends_the_wait(
        self, retrying: Retrying, pause: FakePause, failure: Callable[[], Failure]
    ) -> None:
        call = Call(failure())
        pause.stop()
        with pytest.raises(Interrupted):
            retrying(call, PATIENCE)
        assert call.calls == 1


class TestBackoff:
    @pytest.mark.parametrize(
        ("failures", "least", "most"), [(1, 0.75, 1.25), (3, 3, 5), (7, 48, 60), (10**9, 60, 60)]
    )
    def test_moves_the_wait_by_a_quarter_at_most(
        self, failures: int, least: float, most: float
    ) -> None:
        assert backoff(failures, 0.0) == timedelta(seconds=least)
        assert least <= backoff(failures, 0.999999).total_seconds() <= most
