"""What every observer promises: to take note, and never to raise."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import get_args

import pytest
from prometheus_client import CollectorRegistry

from adapters.logs import Logs
from adapters.observers import Everyone
from adapters.prometheus import Counting
from domain.breakers import Dependency, Kind
from domain.caveats import Caveat, CaveatKind
from domain.checkpoints import SourceName
from domain.comparisons import Comparison
from domain.failures import Reason
from domain.occurrences import (
    AttemptFailed,
    BatchKept,
    BatchRetried,
    BreakerChanged,
    DeadLettersHeldBack,
    ErasureDone,
    Extended,
    HoldLost,
    LoopSpent,
    MessageSettled,
    Occurrence,
    PageMadeSmaller,
    PageStored,
    ReceiveFailed,
    Reported,
    Retried,
    RunChanged,
    RunCompared,
    RunEvent,
    RunWarned,
    ShopChanged,
    ShopEvent,
    TakenUp,
    WaitedForRateLimit,
)
from domain.ports import Observer
from tests.builders import KEY
from tests.fakes.clock import FakeClock
from tests.fakes.observer import FakeObserver

BOTH = (True, False)
SECOND = timedelta(seconds=1)
COUNTS = ((3, None, None), (3, 3, None), (3, 4, 3), (3, 4, 4), (9, 4, 4))
OCCURRENCES: tuple[Occurrence, ...] = (
    ErasureDone("user"),
    ShopChanged("user-1", "demo-shop.myshopify.com", ShopEvent.REFRESHED),
    *(RunChanged(KEY, "run-1", event, SECOND) for event in RunEvent),
    RunChanged(KEY, "run-1", RunEvent.COMPLETED),
    PageStored(
        key=KEY,
        run_id="run-1",
        page=1,
        source=SourceName.GRAPHQL,
        saved=2,
        failed=("too-large", "unheard of"),
        fetch=SECOND,
        store=SECOND,
        total=SECOND,
    ),
    *(RunWarned(KEY, "run-1", Caveat(kind, "text")) for kind in CaveatKind),
    *(RunCompared(KEY, "run-1", Comparison(*numbers)) for numbers in COUNTS),
    *(AttemptFailed(KEY, "run-1", 1, 1, reason, "error") for reason in Reason),
    BatchKept(KEY, "run-1", 1, "batch", "error"),
    BatchRetried(KEY, 1, ("unheard of",)),
    Retried("unheard of", "unheard of"),
    WaitedForRateLimit(SourceName.REST, SECOND, in_queue=True),
    WaitedForRateLimit(SourceName.BULK, -SECOND, in_queue=False),
    PageMadeSmaller(KEY, "run-1", 100, "why"),
    Reported("subject", "text\n\x00\ud800"),
    TakenUp(KEY, "run-1", 1, SECOND),
    MessageSettled(
        message_type="unheard of",
        outcome="dead-lettered",
        message_id="message-1",
        receive_count=1,
        duration=-SECOND,
        dwell=-SECOND,
        reason="unheard of",
    ),
    ReceiveFailed("unheard of", "text"),
    *(BreakerChanged(Dependency(kind, "name"), is_open, "e") for kind in Kind for is_open in BOTH),
    *(DeadLettersHeldBack(reached) for reached in BOTH),
    Extended("unheard of", 1, 1),
    HoldLost("unheard of", "text"),
    LoopSpent("unheard of", SECOND),
)


class ObserverPromises:
    def test_is_told_of_occurrences_of_every_kind(self) -> None:
        assert {type(each) for each in OCCURRENCES} == set(get_args(Occurrence))

    @pytest.mark.parametrize("occurrence", OCCURRENCES, ids=lambda each: type(each).__name__)
    def test_takes_note_without_raising(self, observer: Observer, occurrence: Occurrence) -> None:
        observer.notice(occurrence)
        observer.notice(occurrence)

    def test_takes_note_for_many_at_once(self, observer: Observer) -> None:
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(observer.notice, OCCURRENCES * 8))


class Failing(Observer):
    def notice(self, occurrence: Occurrence) -> None:
        raise KeyError(type(occurrence).__name__)


class TestFakeObserver(ObserverPromises):
    @pytest.fixture
    def observer(self) -> Observer:
        return FakeObserver()

    def test_forgets_nothing_that_many_tell_at_once(self) -> None:
        observer = FakeObserver()
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(observer.notice, OCCURRENCES * 8))
        assert len(observer.occurrences) == 8 * len(OCCURRENCES)
        assert len(observer.of(BatchKept)) == 8

    def test_keeps_the_order_of_time(self) -> None:
        observer = FakeObserver()
        for each in OCCURRENCES:
            observer.notice(each)
        assert observer.occurrences == list(OCCURRENCES)


class TestCounting(ObserverPromises):
    @pytest.fixture
    def observer(self) -> Observer:
        return Counting(CollectorRegistry(), FakeClock(), "1.2.3")


class TestLogs(ObserverPromises):
    @pytest.fixture
    def observer(self) -> Iterator[Observer]:
        logger = logging.getLogger("a contract's")
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(logging.StreamHandler(io.StringIO()))
        yield Logs(logger)
        logger.handlers.clear()


class TestEveryone(ObserverPromises):
    """Two of whom fail."""

    @pytest.fixture
    def observer(self) -> Observer:
        return Everyone((Failing(), FakeObserver(), Failing()))

    def test_tells_those_that_do_not_fail(self) -> None:
        fake = FakeObserver()
        Everyone((Failing(), fake)).notice(OCCURRENCES[0])
        assert fake.occurrences == [OCCURRENCES[0]]
