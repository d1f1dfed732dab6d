"""A shop's bucket as one process knows it, against the true one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from adapters.buckets import GRACE, NO_ANSWER, NOBODY_THERE, Bucket, Flight, Slot, Told


def a_bucket(available: float = 40.0, capacity: float = 40.0, rate: float = 2.0) -> Bucket:
    """One that an answer has told of at second 0."""
    bucket = Bucket(capacity, rate, at=0.0)
    flight = bucket.take(bucket.slot(1.0, "first", 0.0), 0.0)
    bucket.land(flight, Told(available, capacity, rate, 1.0), 0.0)
    return bucket


def wait(bucket: Bucket, points: float, now: float = 0.0) -> float:
    slot = bucket.slot(points, object(), now)
    try:
        return bucket.wait(slot, now)
    finally:
        bucket.leave(slot)


class TestABucket:
    def test_that_is_not_known_lets_one_go_who_teaches_the_others(self) -> None:
        bucket = Bucket(40.0, 2.0, at=0.0)
        first = bucket.slot(1.0, "a", 0.0)
        assert bucket.wait(first, 0.0) == 0.0
        flight = bucket.take(first, 0.0)
        assert wait(bucket, 1.0, 1.0) > 0.0
        bucket.land(flight, Told(available=10.0, charged=1.0), 1.0)
        assert wait(bucket, 1.0, 1.0) == 0.0

    def test_is_not_learnt_of_for_ever(self) -> None:
        bucket = Bucket(40.0, 2.0, at=0.0)
        bucket.take(bucket.slot(1.0, "a", 0.0), 0.0)
        assert wait(bucket, 1.0, 2.5) == 0.0

    def test_is_full_if_the_answer_does_not_say(self) -> None:
        bucket = Bucket(40.0, 2.0, at=0.0)
        bucket.land(bucket.take(bucket.slot(1.0, "a", 0.0), 0.0), Told(charged=1.0), 0.0)
        assert wait(bucket, 39.0) == 0.0
        assert wait(bucket, 40.0) == 0.5

    @pytest.mark.parametrize("told", [NO_ANSWER, NOBODY_THERE])
    def test_is_not_known_by_an_answer_that_never_came(self, told: Told) -> None:
        bucket = Bucket(40.0, 2.0, at=0.0)
        bucket.land(bucket.take(bucket.slot(1.0, "a", 0.0), 0.0), told, 0.0)
        assert not bucket.known

    def test_fills_up_at_its_rate_and_no_further(self) -> None:
        bucket = a_bucket(available=3.0)
        assert wait(bucket, 5.0) == 1.0
        assert wait(bucket, 5.0, now=0.5) == 0.5
        assert wait(bucket, 40.0, now=1000.0) == 0.0

    def test_counts_what_is_under_way(self) -> None:
        bucket = a_bucket(available=4.0)
        bucket.take(bucket.slot(3.0, "a", 0.0), 0.0)
        assert wait(bucket, 1.0) == 0.0
        assert wait(bucket, 2.0) == 0.5

    def test_gets_back_what_a_query_did_not_use(self) -> None:
        bucket = a_bucket(available=700.0, capacity=2000.0, rate=100.0)
        flight = bucket.take(bucket.slot(600.0, "a", 0.0), 0.0)
        assert wait(bucket, 400.0) == 3.0
        bucket.land(flight, Told(available=400.0, charged=300.0), 0.0)
        assert wait(bucket, 400.0) == 0.0

    def test_charges_nothing_for_a_refused_request(self) -> None:
        bucket = a_bucket(available=2.0)
        flight = bucket.take(bucket.slot(1.0, "a", 0.0), 0.0)
        bucket.land(flight, Told(available=2.0, charged=0.0), 0.0)
        assert wait(bucket, 2.0) == 0.0

    def test_may_have_been_charged_for_what_was_never_answered(self) -> None:
        bucket = a_bucket(available=2.0)
        bucket.land(bucket.take(bucket.slot(1.0, "a", 0.0), 0.0), NO_ANSWER, 0.0)
        assert wait(bucket, 2.0) == 0.5
        bucket.land(bucket.take(bucket.slot(1.0, "b", 0.0), 0.0), NOBODY_THERE, 0.0)
        assert wait(bucket, 2.0) == 0.5

    def test_is_closed_for_everybody_while_shopify_says_so(self) -> None:
        bucket = a_bucket()
        refused = Told(charged=0.0, refused_for=timedelta(seconds=2))
        bucket.land(bucket.take(bucket.slot(1.0, "a", 0.0), 0.0), refused, 0.0)
        assert wait(bucket, 1.0, now=0.5) == 1.5
        assert wait(bucket, 1.0, now=2.0) == 0.0

    def test_is_asked_for_more_than_it_holds_when_it_is_full(self) -> None:
        bucket = a_bucket(available=30.0)
        assert wait(bucket, 50.0) == 5.0

    def test_takes_over_another_plan(self) -> None:
        bucket = a_bucket()
        flight = bucket.take(bucket.slot(1.0, "a", 0.0), 0.0)
        bucket.land(flight, Told(399.0, 400.0, 20.0, 1.0), 0.0)
        assert wait(bucket, 399.0, now=0.1) == 0.0


class TestAnAnswer:
    def test_that_is_older_than_another_raises_nothing(self) -> None:
        """It does not know yet what the other one was charged."""
        bucket = a_bucket(available=10.0)
        old = bucket.take(bucket.slot(1.0, "old", 0.0), 0.0)
        new = bucket.take(bucket.slot(6.0, "new", 0.0), 0.0)
        bucket.land(new, Told(available=3.0, charged=6.0), 0.0)
        bucket.land(old, Told(available=9.0, charged=1.0), 0.0)
        assert wait(bucket, 3.0) == 0.0
        assert wait(bucket, 4.0) > 0.0

    def test_shows_what_others_took(self) -> None:
        bucket = a_bucket(available=30.0)
        bucket.land(bucket.take(bucket.slot(1.0, "a", 1.0), 1.0), Told(5.0, charged=1.0), 1.0)
        assert wait(bucket, 5.0, 1.0) == 0.0
        # At the full rate it would be half a second.
        assert wait(bucket, 6.0, 1.0) > 0.6

    def test_lets_a_call_and_a_half_be_left_for_others(self) -> None:
        bucket = a_bucket(available=30.0)
        bucket.land(bucket.take(bucket.slot(1.0, "a", 1.0), 1.0), Told(2.0, charged=1.0), 1.0)
        assert bucket.others == 1.0
        assert wait(bucket, 1.0, 1.0) == pytest.approx(0.5)
        assert wait(bucket, 1.0, 1.5) == 0.0

    def test_lets_nothing_be_left_for_others_where_that_is_much(self) -> None:
        bucket = a_bucket(available=30.0)
        bucket.land(bucket.take(bucket.slot(1.0, "a", 1.0), 1.0), Told(5.0, charged=1.0), 1.0)
        assert wait(bucket, 5.0, 1.0) == 0.0

    def test_lets_those_be_forgotten_who_take_no_more(self) -> None:
        bucket = a_bucket(available=30.0)
        bucket.land(bucket.take(bucket.slot(1.0, "a", 1.0), 1.0), Told(5.0, charged=1.0), 1.0)
        bucket.land(bucket.take(bucket.slot(1.0, "b", 90.0), 90.0), Told(39.0, charged=1.0), 90.0)
        assert wait(bucket, 40.0, 90.0) == pytest.approx(0.5, rel=0.01)


class TestTheLine:
    def test_serves_who_came_first(self) -> None:
        bucket = a_bucket(available=5.0)
        large, small = bucket.slot(9.0, "large", 0.0), bucket.slot(1.0, "small", 0.0)
        assert bucket.wait(large, 0.0) == 2.0
        assert bucket.wait(small, 0.0) == 2.5

    def test_keeps_a_slot_for_its_place(self) -> None:
        bucket = a_bucket(available=0.0)
        booked = bucket.slot(4.0, "page 2", 0.0)
        bucket.keep(booked, bucket.wait(booked, 0.0), 0.0)
        other = bucket.slot(1.0, "page 9", 0.0)
        assert bucket.wait(other, 0.0) == 2.5
        mine = bucket.slot(4.0, "page 2", 1.0)
        assert mine is booked
        assert bucket.wait(mine, 1.0) == 1.0

    def test_keeps_no_slot_for_ever(self) -> None:
        bucket = a_bucket(available=0.0)
        booked = bucket.slot(4.0, "page 2", 0.0)
        bucket.keep(booked, 2.0, 0.0)
        late = 2.0 + GRACE
        assert wait(bucket, 12.0, late) == 1.0
        assert wait(bucket, 12.0, late + 0.1) == 0.0


class Requests(RuleBasedStateMachine):
    """Requests that are sent, charged and answered in any order, with true answers."""

    CAPACITY, RATE = 40.0, 2.0

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.true = 17.25
        self.bucket = Bucket(self.CAPACITY, self.RATE, at=0.0)
        self.sent: list[tuple[Flight, float]] = []
        self.charged: list[tuple[Flight, Told]] = []
        self.waiting: list[Slot] = []
        self.first = True

    @rule(points=st.integers(1, 12))
    def wants(self, points: int) -> None:
        self.waiting.append(self.bucket.slot(float(points), object(), self.now))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def asks_when_it_may(self, data: st.DataObject) -> None:
        slot = data.draw(st.sampled_from(self.waiting))
        if self.bucket.wait(slot, self.now) == 0.0:
            self.waiting.remove(slot)
            self.sent.append((self.bucket.take(slot, self.now), slot.points))

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), share=st.sampled_from([0.0, 0.5, 1.0]))
    def shopify_charges(self, data: st.DataObject, share: float) -> None:
        """What is asked for has to be there: but for the first, who knew nothing."""
        flight, points = data.draw(st.sampled_from(self.sent))
        self.sent.remove((flight, points))
        refused = self.true + 1e-9 < points
        assert not refused or self.first
        self.first = False
        cost = 0.0 if refused else points * share
        self.true -= cost
        told = Told(float(int(self.true + 1e-9)), self.CAPACITY, self.RATE, cost)
        self.charged.append((flight, told))

    @precondition(lambda self: self.charged)
    @rule(data=st.data())
    def an_answer_arrives(self, data: st.DataObject) -> None:
        flight, told = data.draw(st.sampled_from(self.charged))
        self.charged.remove((flight, told))
        self.bucket.land(flight, told, self.now)

    @rule(seconds=st.floats(0.01, 8.0))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.true = min(self.true + seconds * self.RATE, self.CAPACITY)

    @invariant()
    def nobody_is_believed_to_have_drained_it(self) -> None:
        assert self.bucket.others == 0.0


Requests.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestTrueAnswersInAnyOrder = Requests.TestCase


@given(wishes=st.lists(st.integers(1, 40), min_size=1, max_size=12), start=st.floats(0, 40))
@settings(max_examples=60, deadline=None)
def test_everybody_has_their_turn_in_the_order_they_came(wishes: list[int], start: float) -> None:
    bucket, now = a_bucket(available=start), 0.0
    slots = [bucket.slot(float(points), number, now) for number, points in enumerate(wishes)]
    served = []
    for _ in range(100_000):
        ready = [each for each in slots if bucket.wait(each, now) == 0.0]
        if not ready:
            if not slots:
                break
            now += max(bucket.wait(slots[0], now), 1e-3)
            continue
        slot = ready[0]
        slots.remove(slot)
        served.append(slot.place)
        left = bucket.level - slot.points
        bucket.land(bucket.take(slot, now), Told(max(left, 0.0), charged=slot.points), now)
    assert served == list(range(len(wishes)))
    assert now <= sum(wishes) / bucket.restore_rate + 0.1
