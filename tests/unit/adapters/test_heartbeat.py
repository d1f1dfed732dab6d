"""What keeps everything in hand ours."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Thread

import pytest

from adapters.heartbeat import Heartbeat
from domain.checkpoints import Checkpoint
from domain.deliveries import Received
from domain.failures import LeaseLost, Permanent, Reason
from domain.occurrences import Extended, HoldLost, Reported
from tests.builders import VISIBILITY, a_lease, a_run
from tests.fakes.checkpoints import FakeCheckpoints
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import FakeInbox
from tests.fakes.observer import FakeObserver

A_THIRD = VISIBILITY / 3
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SOON = 5.0


@dataclass(slots=True)
class World:
    """A heartbeat and what it keeps alive."""

    clock: FakeClock = field(default_factory=FakeClock)
    observer: FakeObserver = field(default_factory=FakeObserver)
    inbox: FakeInbox = field(init=False)
    checkpoints: FakeCheckpoints = field(init=False)
    heartbeat: Heartbeat = field(init=False)

    def __post_init__(self) -> None:
        self.inbox = FakeInbox(self.clock)
        self.checkpoints = FakeCheckpoints(self.clock)
        self.heartbeat = self.beating_every_third_of(VISIBILITY)

    def beating_every_third_of(self, visibility: timedelta) -> Heartbeat:
        return Heartbeat(self.inbox, self.checkpoints, self.clock, self.observer, visibility)

    def received(self) -> Received:
        self.inbox.put("body")
        return self.inbox.receive(1, timedelta(0))[0]

    def leased(self) -> Checkpoint:
        return self.checkpoints.given(a_run(lease=a_lease()))

    def lease_until(self) -> timedelta:
        """How long from now on nobody else may have the page."""
        stored = self.checkpoints.find(a_run().key)
        assert stored is not None
        assert stored.lease is not None
        return stored.lease.until - self.clock.now()

    def reports(self) -> list[str]:
        return [each.subject for each in self.observer.of(Reported)]


@pytest.fixture
def world() -> World:
    return World()


class TestHold:
    def test_keeps_a_message_hidden_while_it_is_in_hand(self, world: World) -> None:
        received = world.received()
        with world.heartbeat.hold(received):
            for _ in range(30):
                world.clock.advance(A_THIRD)
                assert world.heartbeat.tick()
            assert world.inbox.hidden_for(received.message_id) == VISIBILITY

    def test_lets_a_message_be_afterwards(self, world: World) -> None:
        received = world.received()
        with world.heartbeat.hold(received):
            pass
        world.clock.advance(A_THIRD)
        world.heartbeat.tick()
        assert world.inbox.hidden_for(received.message_id) == VISIBILITY - A_THIRD

    def test_extends_all_messages_in_one_call(self, world: World) -> None:
        first, second = world.received(), world.received()
        with world.heartbeat.hold(first), world.heartbeat.hold(second):
            world.heartbeat.tick()
        assert world.inbox.calls.count("extend") == 1

    def test_asks_for_nothing_while_nothing_is_in_hand(self, world: World) -> None:
        assert world.heartbeat.tick()
        assert world.inbox.calls == []

    def test_tries_again_sooner_after_a_failure(self, world: World) -> None:
        received = world.received()
        world.inbox.fail("extend")
        with world.heartbeat.hold(received):
            assert not world.heartbeat.tick()
            assert world.heartbeat.tick()
        assert world.reports() == ["messages not extended"]

    def test_gives_a_receipt_up_that_fails_twice_in_a_row(self, world: World) -> None:
        received = world.received()
        world.inbox.delete(received)
        with world.heartbeat.hold(received):
            assert [world.heartbeat.tick() for _ in range(4)] == [False, False, True, True]
        assert world.inbox.calls.count("extend") == 2

    def test_keeps_extending_the_others(self, world: World) -> None:
        gone, here = world.received(), world.received()
        world.inbox.delete(gone)
        with world.heartbeat.hold(gone), world.heartbeat.hold(here):
            for _ in range(5):
                world.clock.advance(A_THIRD)
                world.heartbeat.tick()
        assert world.inbox.hidden_for(here.message_id) == VISIBILITY

    @pytest.mark.parametrize(
        ("visibility", "longest"),
        [
            (VISIBILITY, HOUR),
            (2 * HOUR, 2 * HOUR),
            # SQS hides no message for longer than twelve hours from its receipt.
            (7 * HOUR, 5 * HOUR),
        ],
    )
    def test_lets_a_message_go_whose_worker_hangs(
        self, world: World, visibility: timedelta, longest: timedelta
    ) -> None:
        heartbeat = world.beating_every_third_of(visibility)
        with heartbeat.hold(world.received()):
            world.clock.advance(longest)
            heartbeat.tick()
            world.clock.advance(SECOND)
            heartbeat.tick()
        assert world.inbox.calls.count("extend") == 1

    def test_states_what_was_extended_and_what_was_lost(self, world: World) -> None:
        gone, here = world.received(), world.received()
        world.inbox.delete(gone)
        with world.heartbeat.hold(gone), world.heartbeat.hold(here):
            world.heartbeat.tick()
            world.heartbeat.tick()
            world.inbox.fail("extend")
            world.heartbeat.tick()
        assert world.observer.of(Extended) == [
            Extended("message", 1, 1),
            Extended("message", 1, 1),
            Extended("message", 0, 1),
        ]
        assert [each.what for each in world.observer.of(HoldLost)] == ["message"]


class TestKeep:
    def test_extends_the_lease(self, world: World) -> None:
        held = world.leased()
        with world.heartbeat.keep(held, world.clock.monotonic()) as lease:
            for _ in range(30):
                world.clock.advance(A_THIRD)
                assert world.heartbeat.tick()
                lease.assert_held()
            assert world.lease_until() == VISIBILITY

    def test_stops_extending_afterwards(self, world: World) -> None:
        with world.heartbeat.keep(world.leased(), world.clock.monotonic()):
            pass
        world.clock.advance(A_THIRD)
        world.heartbeat.tick()
        assert world.lease_until() == VISIBILITY - A_THIRD

    def test_counts_from_before_the_lease_was_asked_for(self, world: World) -> None:
        granted = world.clock.monotonic()
        held = world.leased()
        world.clock.advance(VISIBILITY - 5 * SECOND)
        with world.heartbeat.keep(held, granted) as lease, pytest.raises(LeaseLost):
            lease.assert_held()

    def test_is_held_until_five_seconds_before_its_end(self, world: World) -> None:
        with world.heartbeat.keep(world.leased(), world.clock.monotonic()) as lease:
            world.clock.advance(VISIBILITY - 6 * SECOND)
            lease.assert_held()
            world.clock.advance(SECOND)
            with pytest.raises(LeaseLost):
                lease.assert_held()

    def test_keeps_a_smaller_margin_of_a_short_lease(self, world: World) -> None:
        heartbeat = world.beating_every_third_of(5 * SECOND)
        with heartbeat.keep(world.leased(), world.clock.monotonic()) as lease:
            world.clock.advance(3.9 * SECOND)
            lease.assert_held()
            world.clock.advance(0.1 * SECOND)
            with pytest.raises(LeaseLost):
                lease.assert_held()

    def test_is_lost_once_somebody_else_has_it(self, world: World) -> None:
        held = world.leased()
        world.checkpoints.given(a_run(lease=a_lease(owner="somebody else")))
        with world.heartbeat.keep(held, world.clock.monotonic()) as lease:
            world.heartbeat.tick()
            with pytest.raises(LeaseLost):
                lease.assert_held()
        (lost,) = world.observer.of(HoldLost)
        assert (lost.what, lost.text) == ("page", "page 1 of run run-1 is somebody else's")

    def test_lets_the_page_of_a_worker_go_that_hangs(self, world: World) -> None:
        held = world.leased()
        with world.heartbeat.keep(held, world.clock.monotonic()) as lease:
            for _ in range(100):
                world.clock.advance(A_THIRD)
                world.heartbeat.tick()
            with pytest.raises(LeaseLost):
                lease.assert_held()
        assert world.lease_until() < timedelta(0)
        assert len(world.observer.of(HoldLost)) == 1

    def test_asks_no_more_for_a_lost_lease(self, world: World) -> None:
        held = world.leased()
        world.checkpoints.clear(held.key)
        with world.heartbeat.keep(held, world.clock.monotonic()):
            world.heartbeat.tick()
            world.checkpoints.fail_next()
            assert world.heartbeat.tick()
        world.checkpoints.recover()

    def test_is_lost_in_time_while_the_database_fails(self, world: World) -> None:
        refused = Permanent(Reason.DATABASE_ERROR, "access denied")
        world.checkpoints.fail_next(refused, times=3)
        held = world.checkpoints.given(a_run(lease=a_lease()))
        with world.heartbeat.keep(held, world.clock.monotonic()) as lease:
            for _ in range(2):
                world.clock.advance(A_THIRD)
                assert not world.heartbeat.tick()
                lease.assert_held()
            world.clock.advance(A_THIRD)
            assert not world.heartbeat.tick()
            with pytest.raises(LeaseLost):
                lease.assert_held()

    def test_recovers_with_the_database(self, world: World) -> None:
        held = world.leased()
        world.checkpoints.fail_next()
        with world.heartbeat.keep(held, world.clock.monotonic()) as lease:
            world.clock.advance(A_THIRD)
            world.heartbeat.tick()
            world.heartbeat.tick()
            world.clock.advance(2 * A_THIRD)
            lease.assert_held()

    def test_is_lost_when_the_process_was_paused(self, world: World) -> None:
        with world.heartbeat.keep(world.leased(), world.clock.monotonic()) as lease:
            world.clock.advance(60 * MINUTE)
            with pytest.raises(LeaseLost):
                lease.assert_held()


class SlowInbox(FakeInbox):
    """Extending takes until somebody lets it end."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.extending = Event()
        self.go_on = Event()

    def extend(self, messages: tuple[Received, ...], hidden_for: timedelta) -> tuple[Received, ...]:
        self.extending.set()
        self.go_on.wait(SOON)
        return super().extend(messages, hidden_for)


class BrokenInbox(FakeInbox):
    """Has a bug, but not twice."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.extended = Event()
        self._broken = True

    def extend(self, messages: tuple[Received, ...], hidden_for: timedelta) -> tuple[Received, ...]:
        if self._broken:
            self._broken = False
            raise KeyError("customer@example.com")
        self.extended.set()
        return super().extend(messages, hidden_for)


class TestBeating:
    def test_lets_go_of_a_message_only_when_no_extension_is_under_way(self, world: World) -> None:
        world.inbox = inbox = SlowInbox(world.clock)
        heartbeat = world.beating_every_third_of(0.003 * SECOND)
        received, let_go = world.received(), Event()

        def work() -> None:
            with heartbeat.hold(received):
                inbox.extending.wait(SOON)
            let_go.set()

        with heartbeat.beating():
            worker = Thread(target=work, daemon=True)
            worker.start()
            assert inbox.extending.wait(SOON)
            assert not let_go.wait(0.02)
            inbox.go_on.set()
            assert let_go.wait(SOON)
        worker.join(SOON)
        assert heartbeat.ticked_at is not None

    def test_outlives_a_bug(self, world: World) -> None:
        world.inbox = inbox = BrokenInbox(world.clock)
        heartbeat = world.beating_every_third_of(0.003 * SECOND)
        with heartbeat.hold(world.received()), heartbeat.beating():
            assert inbox.extended.wait(SOON)
        assert Reported("bug in the heartbeat", "KeyError") in world.observer.occurrences

    def test_leaves_no_thread_behind(self, world: World) -> None:
        with world.heartbeat.beating():
            assert "heartbeat" in {thread.name for thread in threading.enumerate()}
        assert "heartbeat" not in {thread.name for thread in threading.enumerate()}
