"""Asking the queue for messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle, product

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from adapters.aws_failures import failure
from domain.deliveries import Received
from domain.failures import Permanent, Reason, Transient
from domain.occurrences import ReceiveFailed
from entrypoints.polling import Polling, Refused
from tests.fakes.chance import FakeChance
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import FakeInbox
from tests.fakes.observer import FakeObserver
from tests.fakes.pause import FakePause

REFUSED = Permanent(Reason.DATABASE_ERROR, "no such queue")
FOREVER = 10_000


@dataclass(slots=True)
class World:
    """A queue that is asked; waiting for it moves the clock."""

    clock: FakeClock = field(default_factory=FakeClock)
    observer: FakeObserver = field(default_factory=FakeObserver)
    pause: FakePause = field(init=False)
    inbox: FakeInbox = field(init=False)
    poll: Polling = field(init=False)

    def __post_init__(self) -> None:
        self.pause = FakePause(self.clock.advance)
        self.inbox = FakeInbox(self.clock)
        self.poll = Polling(
            inbox=self.inbox,
            wait=timedelta(0),
            observer=self.observer,
            clock=self.clock,
            chance=FakeChance(),
            pause=self.pause,
        )

    def poll_again_and_again(self) -> None:
        for _ in range(100):
            self.poll(10)


class Patient(FakeInbox):
    """An empty queue: waiting for it moves the clock."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.waits: list[timedelta] = []
        self._moved = clock

    def receive(self, limit: int, wait: timedelta) -> tuple[Received, ...]:
        self.waits.append(wait)
        self._moved.advance(wait)
        return super().receive(limit, timedelta(0))


class Fated(FakeChance):
    """Draws what it is told to, over and over."""

    def __init__(self, draws: tuple[float, ...]) -> None:
        super().__init__()
        self._draws = cycle(draws)

    def uniform(self) -> float:
        return next(self._draws)


def asked_at(chance: FakeChance, seconds: float, *, each_takes: float = 0.0) -> list[float]:
    """When a queue is asked that fails for so long, and then once more; the first time is 0."""
    world = World()
    world.poll.chance = chance
    began = world.clock.monotonic()
    asked: list[float] = []
    while not asked or asked[-1] < seconds:
        asked.append(world.clock.monotonic() - began)
        world.clock.advance(timedelta(seconds=each_takes))
        world.inbox.fail("receive")
        world.poll(10)
    return asked


def extremes() -> Iterator[FakeChance]:
    """The least and the most that chance can say to each of the first pauses, and some between."""
    yield from (Fated(draws) for draws in product((0.0, 0.999999), repeat=9))
    yield from (FakeChance(seed) for seed in range(200))


class TestAnOutage:
    @pytest.mark.parametrize("each_takes", [0.0, 0.05, 1.0])
    def test_of_half_a_minute_is_met_by_ten_calls_at_most(self, each_takes: float) -> None:
        for chance in extremes():
            asked = asked_at(chance, 30, each_takes=each_takes)
            assert len([at for at in asked if at <= 30]) <= 10

    @pytest.mark.parametrize("seconds", [1, 10, 29.9, 30, 30.1, 45, 59.9])
    def test_is_over_for_us_8_s_after_it_is_over(self, seconds: float) -> None:
        for chance in extremes():
            assert asked_at(chance, seconds)[-1] <= seconds + 8


@pytest.fixture
def world() -> World:
    return World()


class TestPolling:
    def test_hands_over_what_there_is(self, world: World) -> None:
        world.inbox.put("body")
        assert [each.body for each in world.poll(10)] == ["body"]
        assert world.poll.polled_at == world.clock.monotonic()

    def test_waits_no_longer_than_a_second_while_something_is_in_hand(self, world: World) -> None:
        inbox = Patient(world.clock)
        world.poll.inbox, world.poll.wait = inbox, timedelta(seconds=10)
        world.poll(10)
        world.poll.briefly(10)
        assert inbox.waits == [timedelta(seconds=10), timedelta(seconds=1)]

    def test_knows_when_it_began_to_ask(self, world: World) -> None:
        inbox = Patient(world.clock)
        world.poll.inbox, world.poll.wait = inbox, timedelta(seconds=10)
        began = world.clock.monotonic()
        world.poll(10)
        assert world.poll.asked_at == began == world.clock.monotonic() - 10

    def test_waits_longer_after_each_failure(self, world: World) -> None:
        world.inbox.fail("receive", times=8)
        for _ in range(8):
            assert world.poll(10) == ()
        longest = [0.5, 1, 2, 4, 8, 8, 8, 8]
        assert all(
            full * 0.75 <= wait <= full
            for wait, full in zip(world.pause.seconds, longest, strict=True)
        )
        assert world.poll.failures == 8

    def test_never_waits_for_more_than_half_a_minute(self, world: World) -> None:
        world.inbox.fail("receive", times=2000)
        for _ in range(2000):
            world.poll(10)
        assert max(world.pause.seconds) <= 30

    def test_grows_to_half_a_minute_when_the_trouble_lasts(self, world: World) -> None:
        world.inbox.fail("receive", times=40)
        for _ in range(40):
            world.poll(10)
        assert max(world.pause.seconds) >= 22.5

    def test_starts_anew_once_a_poll_works(self, world: World) -> None:
        world.inbox.fail("receive", times=5)
        for _ in range(6):
            world.poll(10)
        world.inbox.fail("receive")
        world.poll(10)
        assert world.pause.seconds[-1] <= 0.5
        assert world.poll.failures == 1

    def test_states_each_failure_and_its_kind(self, world: World) -> None:
        no_answer = Transient(Reason.DATABASE_ERROR, "no answer")
        no_answer.__cause__ = ReadTimeoutError(endpoint_url="http://example")
        world.inbox.fail("receive", no_answer)
        world.poll(10)
        assert world.observer.occurrences == [ReceiveFailed("timed-out", "no answer")]

    def test_ends_its_wait_when_the_process_stops(self, world: World) -> None:
        world.pause.stop()
        world.inbox.fail("receive")
        assert world.poll(10) == ()

    def test_gives_up_when_it_is_refused_for_a_minute(self, world: World) -> None:
        world.inbox.fail("receive", REFUSED, times=FOREVER)
        began = world.clock.monotonic()
        with pytest.raises(Refused, match="no such queue"):
            world.poll_again_and_again()
        assert 60 <= world.clock.monotonic() - began <= 90

    @pytest.mark.parametrize(
        "code",
        [
            "AWS.SimpleQueueService.NonExistentQueue",
            "AccessDenied",
            "InvalidClientTokenId",
            "ExpiredToken",
            "RequestExpired",
        ],
    )
    def test_gives_up_when_only_a_person_can_mend_it(self, world: World, code: str) -> None:
        error = ClientError({"Error": {"Code": code}}, "ReceiveMessage")
        refused = failure(error, "receiving messages", Reason.DATABASE_ERROR)
        refused.__cause__ = error
        world.inbox.fail("receive", refused, times=FOREVER)
        with pytest.raises(Refused, match=code):
            world.poll_again_and_again()
        assert world.poll.refusal == refused.message

    @pytest.mark.parametrize("status", [400, 503])
    def test_never_gives_up_for_what_may_pass(self, world: World, status: int) -> None:
        code = "RequestThrottled" if status == 400 else "ServiceUnavailable"
        answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        error = ClientError(answer, "ReceiveMessage")  # type: ignore[arg-type] # as much as matters
        passing = failure(error, "receiving messages", Reason.DATABASE_ERROR)
        passing.__cause__ = error
        world.inbox.fail("receive", passing, times=FOREVER)
        began = world.clock.monotonic()
        world.poll_again_and_again()
        assert world.poll.refusal is None
        assert world.poll.failing_since == began

    def test_does_not_give_up_if_anything_else_comes_in_between(self, world: World) -> None:
        for _ in range(20):
            world.inbox.fail("receive", REFUSED)
            world.inbox.fail("receive")
            world.poll(10)
            world.poll(10)
        assert sum(world.pause.seconds) > 60

    def test_does_not_give_up_once_a_poll_works(self, world: World) -> None:
        for _ in range(3):
            world.inbox.fail("receive", REFUSED, times=6)
            for _ in range(7):
                world.poll(10)
        assert sum(world.pause.seconds) > 40
        assert world.poll.failures == 0
