"""What becomes of a message once its outcome is known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from domain.deliveries import Received
from domain.failures import Permanent, Reason
from domain.messages import Message, RetryBatch
from domain.occurrences import MessageSettled, Reported, Retried
from domain.outcomes import DeadLetter, Done, GiveBack, How, Later, Outcome, Why
from entrypoints.deletions import Deletions
from entrypoints.handling import Handled
from entrypoints.settling import SettleDelivery
from entrypoints.tries import Tries
from entrypoints.undeleted import Undeleted
from tests.builders import KEY, USER, a_continuation
from tests.fakes.chance import FakeChance
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import FakeInbox
from tests.fakes.observer import FakeObserver
from tests.fakes.pause import FakePause

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
LETTER = DeadLetter(Reason.SHOPIFY_ERROR, "what went wrong")
REFUSED = Permanent(Reason.DATABASE_ERROR, "access denied")


@dataclass(slots=True)
class World:
    """A queue with a message in hand."""

    clock: FakeClock = field(default_factory=FakeClock)
    observer: FakeObserver = field(default_factory=FakeObserver)
    pause: FakePause = field(default_factory=FakePause)
    inbox: FakeInbox = field(init=False)
    settle: SettleDelivery = field(init=False)

    def __post_init__(self) -> None:
        self.inbox = FakeInbox(self.clock)
        self.settle = SettleDelivery(
            self.inbox, self.observer, self.clock, FakeChance(), self.pause
        )

    def received(self) -> Received:
        self.inbox.put("body")
        return self.inbox.receive(1, timedelta(0))[0]

    def settles(
        self, outcome: Outcome, message: Message | None = None, receives: int = 1
    ) -> MessageSettled:
        """Settle a message this way; how its delivery is said to have ended."""
        received = replace(self.received(), receive_count=receives)
        self.settle(received, Handled(outcome, message), self.clock.monotonic())
        return self.observer.of(MessageSettled)[-1]

    def reports(self) -> list[str]:
        return [each.subject for each in self.observer.of(Reported)]


@pytest.fixture
def world() -> World:
    return World()


class TestSettleDelivery:
    @pytest.mark.parametrize("how", How)
    def test_deletes_what_is_done(self, world: World, how: How) -> None:
        assert world.settles(Done(how)).outcome == how.value
        assert world.inbox.stored == {}

    @pytest.mark.parametrize("why", Why)
    def test_hides_what_is_put_off(self, world: World, why: Why) -> None:
        assert world.settles(Later(33 * SECOND, why)).outcome == why.value
        (stored,) = world.inbox.stored
        assert world.inbox.hidden_for(stored) == 33 * SECOND

    def test_sends_anew_what_is_put_off_for_longer_than_a_quarter_of_an_hour(
        self, world: World
    ) -> None:
        settled = world.settles(Later(50 * MINUTE))
        (copy,) = world.inbox.stored.values()
        assert (copy.original_id, copy.body) == (settled.message_id, "body")
        assert copy.due_at == world.clock.now() + 50 * MINUTE
        assert world.inbox.hidden_for(copy.message_id) == 15 * MINUTE

    @pytest.mark.parametrize("why", Why)
    def test_sends_anew_what_sqs_would_soon_lose_patience_with(
        self, world: World, why: Why
    ) -> None:
        settled = world.settles(Later(33 * SECOND, why), receives=20)
        (copy,) = world.inbox.stored.values()
        assert (copy.original_id, len(copy.receipts)) == (settled.message_id, 0)
        assert world.inbox.hidden_for(copy.message_id) == 33 * SECOND

    def test_hides_what_it_could_not_send_anew(self, world: World) -> None:
        world.inbox.fail("send_again", times=3)
        settled = world.settles(Later(33 * SECOND), receives=20)
        assert list(world.inbox.stored) == [settled.message_id]
        assert world.inbox.hidden_for(settled.message_id) == 33 * SECOND
        assert world.reports() == ["message not sent anew"]

    def test_deletes_unread_what_it_has_sent_anew_and_could_not_delete(self, world: World) -> None:
        world.inbox.fail("delete", times=3)
        settled = world.settles(Later(33 * SECOND), receives=20)
        assert len(world.inbox.stored) == 2
        assert settled.message_id in world.settle.undeleted

    def test_leaves_what_is_done_to_be_deleted_with_others(self, world: World) -> None:
        deletions = Deletions(world.inbox, Tries(world.observer, world.pause), Undeleted())
        world.settle = replace(world.settle, deletions=deletions)
        assert world.settles(Done()).outcome == "done"
        assert len(world.inbox.stored) == 1
        world.settle.at_the_end(())
        assert world.inbox.stored == {}

    def test_makes_visible_what_is_given_back(self, world: World) -> None:
        assert world.settles(GiveBack()).outcome == "released"
        assert world.inbox.depths()["source"].visible == 1

    def test_copies_a_dead_letter_before_it_deletes_it(self, world: World) -> None:
        settled = world.settles(LETTER)
        assert (settled.outcome, settled.reason) == ("dead-lettered", "shopify-error")
        assert settled.error == "what went wrong"
        assert world.inbox.calls == ["receive", "dead_letter", "delete"]
        assert [each.body for each in world.inbox.dead] == ["body"]
        assert world.inbox.stored == {}

    def test_keeps_a_message_of_which_there_is_no_copy(self, world: World) -> None:
        world.inbox.fail("dead_letter", REFUSED)
        assert world.settles(LETTER).outcome == "retried"
        assert "delete" not in world.inbox.calls
        (stored,) = world.inbox.stored
        assert timedelta(0) < world.inbox.hidden_for(stored) <= 10 * SECOND
        assert world.reports() == ["message not dead-lettered"]

    @pytest.mark.parametrize("what", ["delete", "hide", "dead_letter"])
    def test_tries_again_a_few_times(self, world: World, what: str) -> None:
        outcomes: dict[str, Outcome] = {
            "delete": Done(),
            "hide": Later(33 * SECOND),
            "dead_letter": LETTER,
        }
        world.inbox.fail(what, times=2)
        world.settles(outcomes[what])
        assert world.inbox.calls.count(what) == 3
        assert world.observer.of(Retried) == [Retried("sqs", "other")] * 2
        assert world.pause.seconds == [0.2, 0.4]
        assert world.reports() == []

    def test_tries_no_less_while_the_process_stops(self, world: World) -> None:
        world.pause.stop()
        world.inbox.fail("delete", times=2)
        world.settles(Done())
        assert world.inbox.stored == {}

    def test_leaves_a_message_that_cannot_be_hidden(self, world: World) -> None:
        world.inbox.fail("hide", times=3)
        assert world.settles(Later(33 * SECOND)).outcome == "retried"
        assert world.reports() == ["message not hidden"]

    def test_remembers_what_it_could_not_delete(self, world: World) -> None:
        world.inbox.fail("delete", times=3)
        settled = world.settles(Done())
        assert settled.outcome == "done"
        assert settled.message_id in world.settle.undeleted
        assert world.reports() == ["message not deleted"]

    def test_tries_once_only_what_is_refused(self, world: World) -> None:
        world.inbox.fail("delete", REFUSED)
        world.settles(Done())
        assert world.inbox.calls.count("delete") == 1

    def test_states_what_the_message_asked_for(self, world: World) -> None:
        settled = world.settles(Done(), a_continuation(7))
        assert (settled.message_type, settled.user_id) == ("sync-page", USER)
        assert (settled.sync_type, settled.page) == ("manual", 7)
        retried = world.settles(Done(), RetryBatch(KEY))
        assert (retried.message_type, retried.page) == ("retry-batch", None)
        unread = world.settles(LETTER)
        assert (unread.message_type, unread.user_id) == ("invalid", None)

    def test_states_how_long_it_took_and_how_long_it_had_waited(self, world: World) -> None:
        world.inbox.put("body")
        world.clock.advance(10 * SECOND)
        (received,) = world.inbox.receive(1, timedelta(0))
        began = world.clock.monotonic()
        world.clock.advance(3 * SECOND)
        world.settle(received, Handled(Done()), began)
        (settled,) = world.observer.of(MessageSettled)
        assert (settled.duration, settled.dwell) == (3 * SECOND, 10 * SECOND)
        assert settled.receive_count == 1


class TestGiveBack:
    def test_makes_all_visible_in_one_call(self, world: World) -> None:
        deliveries = tuple((world.received(), 0.0) for _ in range(3))
        world.settle.give_back(deliveries)
        assert world.inbox.depths()["source"].visible == 3
        assert world.inbox.calls.count("extend") == 1
        outcomes = [each.outcome for each in world.observer.of(MessageSettled)]
        assert outcomes == ["released"] * 3

    def test_asks_for_nothing_if_there_is_nothing(self, world: World) -> None:
        world.settle.give_back(())
        assert world.inbox.calls == []

    def test_does_not_hold_the_process_up_when_it_fails(self, world: World) -> None:
        world.inbox.fail("extend", times=3)
        world.settle.give_back(((world.received(), 0.0),))
        assert world.inbox.calls.count("extend") == 1
        assert world.reports() == ["messages not given back"]
