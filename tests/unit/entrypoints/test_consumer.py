"""The consumer loop."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.failures import Permanent, Reason
from domain.occurrences import HoldLost, LoopSpent, ReceiveFailed, Reported
from domain.outcomes import DeadLetter, Later
from entrypoints.consumer import Ended
from entrypoints.deletions import Deletions
from entrypoints.tries import Tries
from tests.builders import VISIBILITY
from tests.consuming import BUG, SOON, Consuming

REFUSED = Permanent(Reason.DATABASE_ERROR, "no such queue")
SECOND = timedelta(seconds=1)


@pytest.fixture
def world() -> Consuming:
    return Consuming()


class TestConsumer:
    def test_handles_a_message_and_deletes_it(self, world: Consuming) -> None:
        world.inbox.put("body")
        with world.running():
            (settled,) = world.settled()
        assert settled.outcome == "done"
        assert world.inbox.stored == {}
        assert world.ended == Ended(finished=True)

    def test_settles_each_delivery_once(self, world: Consuming) -> None:
        ids = {world.inbox.put(str(number)) for number in range(40)}
        with world.running():
            settled = world.settled(40)
        assert {each.message_id for each in settled} == ids
        assert world.observer.settled.empty()

    def test_receives_nothing_that_it_cannot_start(self, world: Consuming) -> None:
        world.work.hold_up()
        for number in range(10):
            world.inbox.put(str(number))
        with world.running():
            world.started(3)
            assert world.received() == 3
            world.work.go_on()
            world.settled(10)
        assert world.work.most_at_once == 3

    def test_takes_another_as_soon_as_a_worker_is_free(self, world: Consuming) -> None:
        with world.running():
            world.inbox.put("first")
            world.settled()
            world.inbox.put("second")
            world.settled()
        assert world.inbox.stored == {}

    def test_starts_messages_while_others_are_worked_on(self, world: Consuming) -> None:
        world.work.hold_up()
        with world.running():
            world.inbox.put("first")
            world.started()
            world.inbox.put("second")
            world.started()
        assert world.work.most_at_once == 2

    def test_keeps_a_message_hidden_while_it_is_worked_on(self, world: Consuming) -> None:
        world.work.hold_up()
        message = world.inbox.put("body")
        with world.running():
            world.started()
            world.clock.advance(VISIBILITY - SECOND)
            world.consumer.heartbeat.tick()
            assert world.inbox.hidden_for(message) == VISIBILITY

    def test_settles_only_once_the_heartbeat_has_let_go(self, world: Consuming) -> None:
        world.work.outcome = Later(33 * SECOND)
        message = world.inbox.put("body")
        with world.running():
            world.settled()
            world.consumer.heartbeat.tick()
            assert world.inbox.hidden_for(message) == 33 * SECOND

    def test_starts_nothing_that_may_be_visible_again(self, world: Consuming) -> None:
        world.inbox.before_handing_over = lambda: world.clock.advance(VISIBILITY)
        for number in range(3):
            world.inbox.put(str(number))
        with world.running():
            outcomes = [each.outcome for each in world.settled(3)]
            world.inbox.before_handing_over = lambda: None
            world.consumer.stop()
        assert outcomes == ["released"] * 3
        assert [each.what for each in world.observer.of(HoldLost)][:3] == ["message"] * 3

    def test_leaves_alone_what_somebody_else_has_by_now(self, world: Consuming) -> None:
        message = world.inbox.put("body")

        def another_takes_it() -> None:
            world.inbox.before_handing_over = lambda: None
            world.clock.advance(VISIBILITY)
            world.inbox.receive(10, timedelta(0))

        world.inbox.before_handing_over = another_takes_it
        with world.running():
            world.settled()
        assert world.work.started.empty()
        assert world.inbox.hidden_for(message) == VISIBILITY
        assert {"hide", "extend", "delete"}.isdisjoint(world.inbox.calls)

    def test_starts_what_was_long_in_coming_but_is_still_hidden(self, world: Consuming) -> None:
        world.inbox.before_handing_over = lambda: world.clock.advance(VISIBILITY - SECOND)
        world.inbox.put("body")
        with world.running():
            (settled,) = world.settled()
        assert settled.outcome == "done"

    def test_starts_nothing_that_waited_too_long_for_its_thread(self, world: Consuming) -> None:
        world.inbox.put("body")
        started = world.consumer._start(world.consumer.poll(world.consumer._permits.take(1, 0)))
        world.clock.advance(VISIBILITY)
        with world.running():
            (settled,) = world.settled()
            world.consumer.stop()
        assert (started, settled.outcome) == (1, "released")

    def test_goes_on_after_a_message_that_nobody_can_read(self, world: Consuming) -> None:
        world.work.outcome = DeadLetter(Reason.INVALID_MESSAGE, "is not JSON")
        for number in range(5):
            world.inbox.put(str(number))
        with world.running():
            world.settled(5)
        assert len(world.inbox.dead) == 5

    def test_goes_on_after_a_bug(self, world: Consuming) -> None:
        for _ in range(5):
            world.inbox.put(BUG)
        world.inbox.put("body")
        with world.running():
            world.settled()
            world.started(6)
        bugs = [each for each in world.observer.of(Reported) if each.subject == "bug in a worker"]
        assert len(bugs) == 5
        assert all(bug.text.startswith("KeyError < ") for bug in bugs)
        assert not any("customer" in bug.text for bug in bugs)

    def test_goes_on_when_receiving_works_again(self, world: Consuming) -> None:
        world.inbox.fail("receive", times=20)
        world.inbox.put("body")
        with world.running():
            world.settled()
        assert len(world.observer.of(ReceiveFailed)) == 20

    def test_ends_when_the_queue_refuses_it_for_good(self, world: Consuming) -> None:
        world.inbox.fail("receive", REFUSED, times=1000)
        with world.running() as thread:
            thread.join(SOON)
            assert world.ended == Ended(finished=True, failure=REFUSED)

    def test_deletes_unread_what_it_could_not_delete_before(self, world: Consuming) -> None:
        world.inbox.fail("delete", times=3)
        message = world.inbox.put("body")
        with world.running():
            world.settled()
            world.inbox.stored[message].visible_at = world.clock.now()
            world.inbox.put("wakes the one who waits")
            outcomes = sorted(each.outcome for each in world.settled(2))
        assert outcomes == ["done", "duplicate"]
        assert len(world.started(2)) == 2
        assert world.work.started.empty()
        assert world.inbox.stored == {}

    def test_deletes_what_is_done_with_others_and_at_the_end_all(self, world: Consuming) -> None:
        settle = world.consumer.settle
        tries = Tries(world.observer, world.pause)
        deletions = Deletions(world.inbox, tries, settle.undeleted)
        world.consumer.settle = replace(settle, deletions=deletions)
        for number in range(13):
            world.inbox.put(str(number))
        with world.running():
            world.settled(13)
        assert world.inbox.stored == {}
        assert world.inbox.calls.count("delete_all") < 13

    def test_says_what_it_spends_its_time_with(self, world: Consuming) -> None:
        world.inbox.before_handing_over = lambda: world.clock.advance(3 * SECOND)
        world.inbox.put("body")
        with world.running():
            world.settled()
        spent = [each for each in world.observer.of(LoopSpent) if each.state == "waiting"]
        assert sum((each.took for each in spent), timedelta(0)) == 3 * SECOND

    def test_leaves_no_thread_behind(self, world: Consuming) -> None:
        before = set(threading.enumerate())
        with world.running():
            world.inbox.put("body")
            world.settled()
        for thread in set(threading.enumerate()) - before:
            thread.join(SOON)
        assert set(threading.enumerate()) <= before


class TestPulse:
    def test_is_neither_ready_nor_stopping_at_first(self, world: Consuming) -> None:
        pulse = world.consumer.pulse()
        assert (pulse.polled_at, pulse.busy_since, pulse.ready) == (None, (), False)
        assert pulse.alive(world.clock.monotonic(), SECOND)

    def test_shows_what_is_being_worked_on(self, world: Consuming) -> None:
        world.work.hold_up()
        world.inbox.put("body")
        since = world.clock.monotonic()
        with world.running():
            world.started()
            pulse = world.consumer.pulse()
            assert (pulse.busy_since, pulse.ready) == ((since,), True)

    def test_is_not_ready_while_polls_fail(self, world: Consuming) -> None:
        world.inbox.fail("receive", times=3)
        world.consumer.poll(1)
        assert world.consumer.pulse().failing_polls == 1
        assert not world.consumer.pulse().ready

    def test_is_not_alive_once_the_loop_stands_still(self, world: Consuming) -> None:
        world.clock.advance(timedelta(minutes=5))
        assert not world.consumer.pulse().alive(world.clock.monotonic(), timedelta(minutes=1))

    def test_is_alive_while_the_process_stops(self, world: Consuming) -> None:
        world.consumer.stop()
        world.clock.advance(timedelta(minutes=5))
        pulse = world.consumer.pulse()
        assert pulse.stopping
        assert pulse.alive(world.clock.monotonic(), timedelta(minutes=1))
        assert not pulse.ready
