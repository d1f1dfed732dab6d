"""What every queue that we consume promises."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.sqs_clients import QueueUrls, SqsClients
from domain.deliveries import QueueDepth
from domain.failures import Reason
from tests.builders import NOW
from tests.contracts.inboxes import AT_ONCE, MemoryQueue, Queue, RealQueue, take, take_all

HOUR = timedelta(hours=1)


class InboxPromises:
    def test_is_empty_at_first(self, queue: Queue) -> None:
        assert take(queue) == ()

    def test_hands_over_the_body_unread(self, queue: Queue) -> None:
        queue.put("not json {\n ü 🙂")
        (received,) = take(queue)
        assert received.body == "not json {\n ü 🙂"
        assert received.receive_count == 1
        assert received.sent_at.tzinfo is not None

    def test_hands_over_the_group_and_the_senders_attributes(self, queue: Queue) -> None:
        queue.put("body", "user-1", traceparent="00-1")
        (received,) = take(queue)
        assert (received.group, received.attributes) == ("user-1", (("traceparent", "00-1"),))

    def test_hands_over_no_more_than_asked_for(self, queue: Queue) -> None:
        for number in range(12):
            queue.put(str(number))
        assert len(take(queue, 3)) == 3

    def test_delivers_everything(self, queue: Queue) -> None:
        for number in range(12):
            queue.put(str(number))
        assert sorted(int(each.body) for each in take_all(queue)) == list(range(12))

    def test_hides_what_it_has_handed_over(self, queue: Queue) -> None:
        queue.put("body")
        take(queue)
        assert take(queue) == ()

    def test_delivers_again_what_is_given_back(self, queue: Queue) -> None:
        queue.put("body")
        (first,) = take(queue)
        queue.inbox.hide(first, AT_ONCE)
        (second,) = take(queue)
        assert (second.message_id, second.receive_count) == (first.message_id, 2)
        assert second.receipt != first.receipt

    def test_hides_for_part_of_a_second_longer_than_not_at_all(self, queue: Queue) -> None:
        queue.put("body")
        (received,) = take(queue)
        queue.inbox.hide(received, timedelta(milliseconds=1))
        assert take(queue) == ()

    def test_hides_for_longer_than_sqs_can_as_long_as_it_can(self, queue: Queue) -> None:
        queue.put("body")
        (received,) = take(queue)
        queue.inbox.hide(received, 24 * HOUR)
        assert take(queue) == ()

    def test_forgets_what_is_deleted(self, queue: Queue) -> None:
        queue.put("body")
        (received,) = take(queue)
        queue.inbox.delete(received)
        assert queue.inbox.depths()["source"] == QueueDepth(0, 0, 0)

    def test_deletes_many_in_one_call(self, queue: Queue) -> None:
        for number in range(12):
            queue.put(str(number))
        received = tuple(take_all(queue))
        assert queue.inbox.delete_all(received[:10]) == ()
        assert queue.inbox.depths()["source"] == QueueDepth(0, 2, 0)

    def test_deletes_nothing_without_complaint(self, queue: Queue) -> None:
        assert queue.inbox.delete_all(()) == ()

    def test_sends_a_message_again_under_its_identity(self, queue: Queue) -> None:
        queue.put('{"whole": "and unchanged"} \n', "user-1", traceparent="00-1")
        (first,) = take(queue)
        queue.inbox.send_again(first, AT_ONCE, NOW)
        (copy,) = take(queue)
        assert (copy.body, copy.group, copy.receive_count) == (first.body, "user-1", 1)
        assert copy.message_id != first.message_id
        assert (copy.identity, copy.due_at) == (first.message_id, NOW)
        assert ("traceparent", "00-1") in copy.attributes

    def test_keeps_the_identity_of_a_copy_of_a_copy(self, queue: Queue) -> None:
        queue.put("body")
        (first,) = take(queue)
        queue.inbox.send_again(first, AT_ONCE, NOW)
        (second,) = take(queue)
        queue.inbox.send_again(second, AT_ONCE, NOW + HOUR)
        (third,) = take(queue)
        assert (third.identity, third.due_at) == (first.message_id, NOW + HOUR)

    def test_leaves_the_original_of_a_copy_to_be_deleted(self, queue: Queue) -> None:
        queue.put("body")
        (received,) = take(queue)
        queue.inbox.send_again(received, HOUR, NOW)
        assert queue.inbox.depths()["source"] == QueueDepth(0, 1, 1)

    def test_extends_more_messages_than_fit_into_one_call(self, queue: Queue) -> None:
        for number in range(12):
            queue.put(str(number))
        received = tuple(take_all(queue))
        assert queue.inbox.extend(received, HOUR) == ()
        assert take(queue) == ()

    def test_makes_many_visible_at_once(self, queue: Queue) -> None:
        for number in range(12):
            queue.put(str(number))
        received = tuple(take_all(queue))
        assert queue.inbox.extend(received, AT_ONCE) == ()
        assert len(list(take_all(queue))) == 12

    def test_says_which_messages_could_not_be_extended(self, queue: Queue) -> None:
        for number in range(3):
            queue.put(str(number))
        received = take(queue)
        queue.inbox.delete(received[1])
        assert queue.inbox.extend(received, HOUR) == (received[1],)

    def test_extends_nothing_without_complaint(self, queue: Queue) -> None:
        assert queue.inbox.extend((), HOUR) == ()

    def test_copies_a_dead_letter_and_says_why_and_when(self, queue: Queue) -> None:
        body = '{"whole": "and unchanged"} \n'
        queue.put(body, "user-1", traceparent="00-1")
        (received,) = take(queue)
        queue.inbox.dead_letter(received, Reason.BUG, "what went wrong", NOW)
        (dead,) = queue.dead_letters()
        assert (dead.body, dead.group) == (body, "user-1")
        assert dict(dead.attributes) == {
            "reason": "bug",
            "error": "what went wrong",
            "failedAt": "2026-11-23T12:00:00.000Z",
            "sourceMessageId": received.message_id,
            "receiveCount": "1",
            "traceparent": "00-1",
        }

    def test_leaves_a_dead_letters_original_to_be_deleted(self, queue: Queue) -> None:
        queue.put("body")
        (received,) = take(queue)
        queue.inbox.dead_letter(received, Reason.BUG, "", NOW)
        assert queue.inbox.depths()["source"] == QueueDepth(0, 1, 0)

    def test_overwrites_why_a_redriven_message_was_dead_once(self, queue: Queue) -> None:
        queue.put("body", reason="bug", error="earlier")
        (received,) = take(queue)
        queue.inbox.dead_letter(received, Reason.UNKNOWN_SHOP, "now", NOW)
        attributes = dict(queue.dead_letters()[0].attributes)
        assert (attributes["reason"], attributes["error"]) == ("unknown-shop", "now")

    def test_keeps_a_long_error_to_512_characters(self, queue: Queue) -> None:
        queue.put("body")
        (received,) = take(queue)
        queue.inbox.dead_letter(received, Reason.BUG, "x" * 1000, NOW)
        assert dict(queue.dead_letters()[0].attributes)["error"] == "x" * 512

    def test_knows_the_depth_of_both_queues(self, queue: Queue) -> None:
        for number in range(3):
            queue.put(str(number))
        (received,) = take(queue, 1)
        queue.inbox.dead_letter(received, Reason.BUG, "error", NOW)
        assert queue.inbox.depths() == {
            "source": QueueDepth(visible=2, in_flight=1, delayed=0),
            "dlq": QueueDepth(visible=1, in_flight=0, delayed=0),
        }


class TestSqsInbox(InboxPromises):
    @pytest.fixture
    def queue(self, sqs: SqsClients, queues: QueueUrls) -> Queue:
        return RealQueue(sqs, queues)


class TestFakeInbox(InboxPromises):
    @pytest.fixture
    def queue(self) -> Queue:
        return MemoryQueue()
