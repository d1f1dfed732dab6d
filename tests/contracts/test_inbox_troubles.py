"""What every queue promises of calls that fail, before they take effect or after."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from adapters.sqs_clients import QueueUrls, SqsClients
from domain.deliveries import Inbox, QueueDepth, Received
from domain.failures import Reason, Transient
from tests.builders import NOW, VISIBILITY
from tests.contracts.inboxes import AT_ONCE, Queue, take, take_one
from tests.contracts.troubled_queues import (
    OPERATIONS,
    InboxInTrouble,
    TroubledMemory,
    TroubledSqs,
)
from tests.dynamodb import Wire

CALLS: Mapping[str, Callable[[Inbox, Received], object]] = {
    "receive": lambda inbox, _: inbox.receive(10, AT_ONCE),
    "extend": lambda inbox, received: inbox.extend((received,), AT_ONCE),
    "hide": lambda inbox, received: inbox.hide(received, AT_ONCE),
    "delete": lambda inbox, received: inbox.delete(received),
    "delete_all": lambda inbox, received: inbox.delete_all((received,)),
    "send_again": lambda inbox, received: inbox.send_again(received, AT_ONCE, NOW),
    "dead_letter": lambda inbox, received: inbox.dead_letter(received, Reason.BUG, "", NOW),
    "depths": lambda inbox, _: inbox.depths(),
}
IN_FLIGHT = QueueDepth(0, 1, 0)


class TroublePromises:
    def depth(self, queue: Queue) -> QueueDepth:
        return queue.inbox.depths()["source"]

    def lose(self, queue: InboxInTrouble, what: str, received: Received) -> None:
        queue.lose_answer_to(what)
        with pytest.raises(Transient):
            CALLS[what](queue.inbox, received)

    def test_knows_every_call(self) -> None:
        assert set(CALLS) == set(OPERATIONS) == Inbox.__abstractmethods__

    @pytest.mark.parametrize("what", sorted(CALLS))
    def test_does_nothing_where_a_call_fails(self, queue: InboxInTrouble, what: str) -> None:
        received = take_one(queue)
        queue.put("2")
        queue.fail_to(what)
        with pytest.raises(Transient):
            CALLS[what](queue.inbox, received)
        assert queue.inbox.depths() == {"source": QueueDepth(1, 1, 0), "dlq": QueueDepth(0, 0, 0)}
        CALLS[what](queue.inbox, received)

    def test_hides_what_it_handed_over_to_nobody(self, queue: InboxInTrouble) -> None:
        received = take_one(queue)
        queue.inbox.hide(received, AT_ONCE)
        self.lose(queue, "receive", received)
        assert take(queue) == ()
        assert self.depth(queue) == IN_FLIGHT

    def test_has_deleted_what_it_did_not_say_so_of(self, queue: InboxInTrouble) -> None:
        received = take_one(queue)
        self.lose(queue, "delete", received)
        assert self.depth(queue) == QueueDepth(0, 0, 0)
        queue.inbox.delete(received)

    def test_has_deleted_many_of_which_it_did_not_say_so(self, queue: InboxInTrouble) -> None:
        received = take_one(queue)
        self.lose(queue, "delete_all", received)
        assert self.depth(queue) == QueueDepth(0, 0, 0)
        assert queue.inbox.delete_all((received,)) == ()

    def test_sends_a_copy_too_many_rather_than_one_too_few(self, queue: InboxInTrouble) -> None:
        received = take_one(queue)
        self.lose(queue, "send_again", received)
        queue.inbox.send_again(received, AT_ONCE, NOW)
        assert [copy.identity for copy in take(queue)] == [received.message_id] * 2
        assert self.depth(queue) == QueueDepth(0, 3, 0)

    def test_has_given_back_what_it_did_not_say_so_of(self, queue: InboxInTrouble) -> None:
        received = take_one(queue)
        self.lose(queue, "hide", received)
        queue.inbox.hide(received, AT_ONCE)
        assert [each.message_id for each in take(queue)] == [received.message_id]

    def test_extends_again_after_a_lost_answer(self, queue: InboxInTrouble) -> None:
        received = take_one(queue)
        queue.lose_answer_to("extend")
        with pytest.raises(Transient):
            queue.inbox.extend((received,), VISIBILITY)
        assert queue.inbox.extend((received,), VISIBILITY) == ()
        assert self.depth(queue) == IN_FLIGHT

    def test_buries_a_copy_too_many_rather_than_one_too_few(self, queue: InboxInTrouble) -> None:
        received = take_one(queue)
        self.lose(queue, "dead_letter", received)
        queue.inbox.dead_letter(received, Reason.BUG, "", NOW)
        assert [dead.body for dead in queue.dead_letters()] == ["1", "1"]
        assert self.depth(queue) == IN_FLIGHT


class TestSqsInbox(TroublePromises):
    @pytest.fixture
    def queue(self, impatient_sqs: SqsClients, queues: QueueUrls) -> Queue:
        return TroubledSqs(impatient_sqs, queues, Wire(impatient_sqs.send))


class TestFakeInbox(TroublePromises):
    @pytest.fixture
    def queue(self) -> Queue:
        return TroubledMemory()
