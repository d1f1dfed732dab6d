"""What is kept from the handling of a delivery, and from its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from adapters.dead_letter_limit import DeadLetterLimit
from domain.deliveries import Received
from domain.failures import Reason
from domain.messages import Delivery
from domain.occurrences import DeadLettersHeldBack
from domain.outcomes import DeadLetter, Done, Later, Outcome, Why
from entrypoints.fairness import LONGEST_WAIT, FairShare, cap
from entrypoints.handles import Fairly, HoldingBack, WhenDue
from entrypoints.handling import Handled
from tests.builders import KEY, NOW, a_continuation
from tests.fakes.chance import FakeChance
from tests.fakes.clock import FakeClock
from tests.fakes.observer import FakeObserver

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
RECEIVED = Received("message-1", "receipt-1", "body", 1, NOW)
LETTER = DeadLetter(Reason.BUG, "KeyError")


def done(_: Received) -> Handled:
    return Handled(Done())


class TestWhenDue:
    @pytest.mark.parametrize(
        ("due_in", "outcome"),
        [
            (None, Done()),
            (timedelta(0), Done()),
            (-MINUTE, Done()),
            (45 * MINUTE, Later(45 * MINUTE, Why.EARLY)),
            # Whoever sent that, it was not us.
            (timedelta(days=400), Done()),
        ],
    )
    def test_lets_a_copy_wait_that_came_early(
        self, due_in: timedelta | None, outcome: Outcome
    ) -> None:
        due_at = None if due_in is None else NOW + due_in
        handle = WhenDue(done, FakeClock())
        assert handle(replace(RECEIVED, due_at=due_at)).outcome == outcome


@dataclass(slots=True)
class World:
    """A limit, and messages that all end the same way."""

    clock: FakeClock = field(default_factory=FakeClock)
    observer: FakeObserver = field(default_factory=FakeObserver)
    outcome: Outcome = LETTER
    limit: DeadLetterLimit = field(init=False)

    def __post_init__(self) -> None:
        self.limit = DeadLetterLimit(self.clock, self.observer)

    def handle(self, times: int = 1) -> list[Outcome]:
        handle = HoldingBack(lambda _: Handled(self.outcome), self.limit, FakeChance())
        return [handle(RECEIVED).outcome for _ in range(times)]

    @property
    def changes(self) -> list[bool]:
        return [each.reached for each in self.observer.of(DeadLettersHeldBack)]


class TestHoldingBack:
    def test_lets_a_hundred_be_dead_lettered_and_the_others_go_back(self) -> None:
        world = World()
        outcomes = world.handle(150)
        assert outcomes.count(LETTER) == 100
        held_back = [each for each in outcomes if isinstance(each, Later)]
        assert all(each.why is Why.HELD_BACK for each in held_back)
        assert all(MINUTE < each.after <= 5 * MINUTE for each in held_back)
        assert world.changes == [True]
        assert world.limit.reached

    def test_ends_some_minutes_later(self) -> None:
        world = World()
        world.handle(150)
        world.clock.advance(11 * MINUTE)
        assert not world.limit.reached
        assert world.handle() == [LETTER]
        assert world.changes == [True, False]

    def test_ends_when_messages_are_done(self) -> None:
        world = World()
        world.handle(150)
        world.outcome = Done()
        world.handle(10)
        assert world.changes == [True, False]

    def test_says_nothing_while_poison_is_rare(self) -> None:
        world = World()
        for _ in range(500):
            world.outcome = LETTER
            assert world.handle() == [LETTER]
            world.outcome = Done()
            world.handle()
        assert world.changes == []


class TestFairly:
    def test_sends_a_users_message_beyond_their_share_back(self) -> None:
        shares = FairShare(2, FakeClock())
        inner: list[Outcome] = []

        def do(delivery: Delivery) -> Outcome:
            """The message is still in hand while the next one comes."""
            if len(inner) < 2:
                inner.append(Fairly(do, shares)(delivery))
            return Done()

        outer = Fairly(do, shares)(Delivery(a_continuation(), 1))
        assert outer == Done()
        assert inner == [Later(2 * SECOND, Why.CROWDED), Done()]

    def test_leaves_other_users_alone(self) -> None:
        shares = FairShare(1, FakeClock())
        with shares.share_of("user-1") as first, shares.share_of("user-2") as second:
            assert (first, second) == (None, None)

    def test_gives_the_place_of_one_that_is_done_to_another(self) -> None:
        shares = FairShare(1, FakeClock())
        for _ in range(3):
            with shares.share_of(KEY.user_id) as wait:
                assert wait is None

    def test_gives_a_place_back_whatever_happens(self) -> None:
        shares = FairShare(1, FakeClock())
        with pytest.raises(KeyError), shares.share_of("user-1"):
            raise KeyError
        with shares.share_of("user-1") as wait:
            assert wait is None

    def test_tells_them_to_come_back_one_after_another(self) -> None:
        shares = FairShare(1, FakeClock())
        waits = []
        with shares.share_of("user-1"):
            for _ in range(1000):
                with shares.share_of("user-1") as wait:
                    waits.append(wait)
        assert waits[:3] == [2 * SECOND, 3 * SECOND, 4 * SECOND]
        assert waits[-1] == LONGEST_WAIT

    def test_forgets_users_who_have_nothing_in_hand(self) -> None:
        clock = FakeClock()
        shares = FairShare(1, clock)
        for number in range(3000):
            user = f"user-{number}"
            with shares.share_of(user), shares.share_of(user):
                clock.advance(MINUTE)
        assert len(shares._in_hand) == 0
        assert len(shares._last) <= 1000

    @pytest.mark.parametrize(("workers", "most"), [(1, 1), (4, 1), (8, 2), (64, 16)])
    def test_is_a_quarter_of_the_workers(self, workers: int, most: int) -> None:
        assert cap(workers) == most
