"""Messages that are done, deleted ten a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from domain.deliveries import Received
from domain.occurrences import Reported, Retried
from entrypoints.deletions import Deletions
from entrypoints.tries import Tries
from entrypoints.undeleted import Undeleted
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import FakeInbox
from tests.fakes.observer import FakeObserver
from tests.fakes.pause import FakePause
from tests.waiting import wait_until

SOON = 5.0


@dataclass(slots=True)
class World:
    """A queue with messages in hand."""

    observer: FakeObserver = field(default_factory=FakeObserver)
    inbox: FakeInbox = field(default_factory=lambda: FakeInbox(FakeClock()))
    pause: FakePause = field(default_factory=FakePause)
    undeleted: Undeleted = field(default_factory=Undeleted)
    deletions: Deletions = field(init=False)

    def __post_init__(self) -> None:
        tries = Tries(self.observer, self.pause)
        self.deletions = Deletions(self.inbox, tries, self.undeleted)

    def received(self, count: int) -> tuple[Received, ...]:
        for number in range(count):
            self.inbox.put(str(number))
        return self.inbox.receive(count, timedelta(0))

    def done(self, count: int) -> tuple[Received, ...]:
        """So many messages are done."""
        messages = self.received(count)
        for received in messages:
            self.deletions.add(received)
        return messages

    @property
    def calls(self) -> int:
        return self.inbox.calls.count("delete_all")


@pytest.fixture
def world() -> World:
    return World()


class TestDeletions:
    def test_wait_for_one_another(self, world: World) -> None:
        world.done(9)
        assert (world.calls, len(world.inbox.stored)) == (0, 9)

    def test_are_made_with_the_tenth(self, world: World) -> None:
        world.done(25)
        assert (world.calls, len(world.inbox.stored)) == (2, 5)

    def test_are_made_when_flushed(self, world: World) -> None:
        world.done(3)
        world.deletions.flush()
        assert (world.calls, world.inbox.stored) == (1, {})

    def test_ask_for_nothing_while_there_is_nothing(self, world: World) -> None:
        world.deletions.flush()
        assert world.inbox.calls == []

    def test_wait_for_a_fraction_of_a_second_only(self, world: World) -> None:
        with world.deletions.going_on():
            world.done(3)
            wait_until(lambda: not world.inbox.stored, within=SOON)
            world.done(2)
            wait_until(lambda: not world.inbox.stored, within=SOON)
        assert world.calls == 2

    def test_are_tried_again(self, world: World) -> None:
        world.inbox.fail("delete_all", times=2)
        world.done(2)
        world.deletions.flush()
        assert world.inbox.stored == {}
        assert world.observer.of(Retried) == [Retried("sqs", "other")] * 2

    def test_are_tried_no_less_while_the_process_stops(self, world: World) -> None:
        world.pause.stop()
        world.inbox.fail("delete_all", times=2)
        world.done(2)
        world.deletions.flush()
        assert world.inbox.stored == {}

    def test_that_fail_are_remembered(self, world: World) -> None:
        messages = world.done(2)
        world.inbox.fail("delete_all", times=3)
        world.deletions.flush()
        assert all(each.message_id in world.undeleted for each in messages)
        assert [each.subject for each in world.observer.of(Reported)] == ["messages not deleted"]

    def test_of_which_one_fails_are_made_but_for_that_one(self, world: World) -> None:
        first, second, third = world.done(3)
        world.inbox.undeletable = {second.message_id}
        world.deletions.flush()
        assert list(world.inbox.stored) == [second.message_id]
        assert second.message_id in world.undeleted
        assert first.message_id not in world.undeleted
        assert third.message_id not in world.undeleted

    def test_that_work_at_last_are_forgotten(self, world: World) -> None:
        (message,) = world.done(1)
        world.undeleted.add(message.message_id)
        world.deletions.flush()
        assert message.message_id not in world.undeleted
