"""How the consumer ends: nothing is lost, nothing is kept hidden, nothing is settled twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Event
from time import monotonic

import pytest

from domain.deliveries import Received
from domain.occurrences import MessageSettled
from entrypoints.consumer import Ended
from entrypoints.deletions import Deletions
from entrypoints.polling import BRIEF_WAIT
from entrypoints.shutdown import LAST_CALLS
from entrypoints.tries import Tries
from tests.consuming import SOON, Consuming
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import FakeInbox

NO_GRACE = timedelta(milliseconds=20)


class TestStop:
    def test_ends_a_consumer_that_has_nothing_to_do(self) -> None:
        world = Consuming()
        with world.running() as thread:
            world.consumer.stop()
            thread.join(SOON)
            assert world.ended == Ended(finished=True)

    def test_ends_a_consumer_before_it_has_begun(self) -> None:
        world = Consuming()
        world.consumer.stop()
        world.inbox.put("body")
        assert world.consumer.run() == Ended(finished=True)
        assert world.received() == 0

    def test_may_be_called_again(self) -> None:
        world = Consuming()
        with world.running():
            world.consumer.stop()
            world.consumer.stop()
        assert world.ended == Ended(finished=True)

    def test_ends_a_consumer_whose_workers_are_all_busy(self) -> None:
        world = Consuming(workers=1)
        world.work.hold_up()
        world.inbox.put("first")
        world.inbox.put("second")
        with world.running():
            world.started()
            world.consumer.stop()
            world.work.go_on()
        assert [each.outcome for each in world.settled()] == ["done"]
        assert [len(each.receipts) for each in world.inbox.stored.values()] == [0]

    def test_finishes_what_is_in_hand(self) -> None:
        world = Consuming()
        world.work.hold_up()
        world.inbox.put("body")
        with world.running():
            world.started()
            world.consumer.stop()
            world.work.go_on()
        assert world.ended == Ended(finished=True)
        assert world.inbox.stored == {}

    def test_does_not_wait_for_a_long_poll_once_the_work_is_finished(self) -> None:
        world = Consuming()
        world.consumer.poll.wait = timedelta(seconds=10 * SOON)
        world.work.hold_up()
        world.inbox.put("body")
        with world.running() as thread:
            world.started()
            world.consumer.stop()
            world.work.go_on()
            began = monotonic()
            thread.join(SOON)
        assert monotonic() - began <= BRIEF_WAIT.total_seconds() + 0.5
        assert world.ended == Ended(finished=True)

    def test_ends_the_waits_of_those_who_work(self) -> None:
        world = Consuming()
        with world.running():
            world.consumer.stop()
            assert world.pause._stopped

    def test_gives_a_batch_back_that_arrives_late(self) -> None:
        world = Consuming()
        world.inbox.before_handing_over = world.consumer.stop
        for number in range(3):
            world.inbox.put(str(number))
        assert world.consumer.run() == Ended(finished=True)
        assert world.work.started.empty()
        assert world.inbox.depths()["source"].visible == 3
        assert [each.outcome for each in world.settled(3)] == ["released"] * 3

    def test_gives_back_what_is_not_finished_when_the_grace_is_over(self) -> None:
        world = Consuming(grace=NO_GRACE)
        world.work.hold_up()
        world.inbox.put("body")
        with world.running() as thread:
            world.started()
            world.consumer.stop()
            thread.join(SOON)
            assert world.ended == Ended(finished=False)
            assert world.inbox.depths()["source"].visible == 1
            assert [each.outcome for each in world.settled()] == ["released"]

    def test_never_settles_twice_what_was_given_back(self) -> None:
        world = Consuming(grace=NO_GRACE)
        world.work.hold_up()
        world.inbox.put("body")
        with world.running() as thread:
            world.started()
            world.consumer.stop()
            thread.join(SOON)
            world.work.go_on()
            assert world.consumer._permits.all_back(SOON)
        assert world.inbox.depths()["source"].visible == 1
        assert len(world.observer.of(MessageSettled)) == 1

    def test_extends_nothing_once_messages_are_given_back(self) -> None:
        world = Consuming(grace=NO_GRACE)
        world.work.hold_up()
        world.inbox.put("body")
        with world.running() as thread:
            world.started()
            world.consumer.stop()
            thread.join(SOON)
        assert world.inbox.calls.count("extend") == 1


class HangingInbox(FakeInbox):
    """SQS accepts the connection and never answers."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.asked = Event()
        self.answers = Event()

    def receive(self, limit: int, wait: timedelta) -> tuple[Received, ...]:
        self.asked.set()
        self.answers.wait(SOON)
        return super().receive(limit, wait)

    def extend(self, messages: tuple[Received, ...], hidden_for: timedelta) -> tuple[Received, ...]:
        self.answers.wait(SOON)
        return super().extend(messages, hidden_for)


class TestASqsThatHangs:
    def test_does_not_keep_the_consumer_from_ending(self) -> None:
        world = Consuming(grace=NO_GRACE)
        inbox = HangingInbox(world.clock)
        world.consumer.poll.inbox = inbox
        with world.running() as thread:
            assert inbox.asked.wait(SOON)
            world.consumer.stop()
            thread.join(SOON / 2)
            assert world.ended == Ended(finished=False)
            inbox.answers.set()

    def test_does_not_hold_the_last_calls_up_for_long(self) -> None:
        inbox = HangingInbox(FakeClock())
        world = Consuming(grace=NO_GRACE)
        world.work.hold_up()
        world.inbox.put("body")
        world.consumer.settle = replace(world.consumer.settle, inbox=inbox)
        with world.running() as thread:
            world.started()
            began = monotonic()
            world.consumer.stop()
            thread.join(SOON)
            assert LAST_CALLS.total_seconds() <= monotonic() - began < SOON
            inbox.answers.set()


class SlowToDelete(FakeInbox):
    """Takes its time over deletions."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.asked = Event()

    def delete_all(self, messages: tuple[Received, ...]) -> tuple[Received, ...]:
        self.asked.set()
        Event().wait(0.3)
        return super().delete_all(messages)


class TestADeletionUnderWay:
    def test_is_waited_for(self) -> None:
        world = Consuming()
        inbox = SlowToDelete(world.clock)
        world.consumer.poll.inbox = inbox
        settle, tries = world.consumer.settle, Tries(world.observer, world.pause)
        deletions = Deletions(inbox, tries, settle.undeleted)
        world.consumer.settle = replace(settle, inbox=inbox, deletions=deletions)
        inbox.put("body")
        with world.running() as thread:
            assert inbox.asked.wait(SOON)
            world.consumer.stop()
            thread.join(SOON)
            assert inbox.stored == {}


class BrokenInbox(FakeInbox):
    """Has a bug."""

    def receive(self, limit: int, wait: timedelta) -> tuple[Received, ...]:  # noqa: ARG002 - never read
        raise KeyError("a bug")


class TestABugInTheLoop:
    def test_ends_the_run_in_order_and_is_not_hidden(self) -> None:
        world = Consuming()
        world.consumer.poll.inbox = BrokenInbox(world.clock)
        with pytest.raises(KeyError):
            world.consumer.run()
        assert world.consumer.pulse().stopping
        assert world.consumer._permits.taken == 0
