"""What every publisher promises."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.sqs_clients import QueueUrls, SqsClients
from domain.deliveries import QueueDepth
from domain.messages import Message, RetryBatch
from entrypoints.messages import decode
from tests.builders import KEY, NOW, USER, a_continuation, a_request
from tests.contracts.inboxes import AT_ONCE, MemoryQueue, Queue, RealQueue, take

RETRY = RetryBatch(KEY, "manual#run-1#3#1_failed_orders")


class PublisherPromises:
    @pytest.mark.parametrize(
        "message", [a_continuation(7), a_request(restart=True, updated_since=NOW), RETRY]
    )
    def test_sends_a_message_that_reads_the_same(self, queue: Queue, message: Message) -> None:
        queue.publisher.publish(message, AT_ONCE)
        (received,) = take(queue)
        assert decode(received.body, received.message_id) == message

    def test_groups_messages_by_user(self, queue: Queue) -> None:
        queue.publisher.publish(a_continuation(), AT_ONCE)
        assert take(queue)[0].group == USER

    @pytest.mark.parametrize("seconds", [0.001, 1, 900, 5000])
    def test_delays_the_message(self, queue: Queue, seconds: float) -> None:
        queue.publisher.publish(a_continuation(), timedelta(seconds=seconds))
        assert take(queue) == ()
        assert queue.inbox.depths()["source"] == QueueDepth(0, 0, 1)

    def test_takes_a_negative_delay_for_none(self, queue: Queue) -> None:
        queue.publisher.publish(a_continuation(), timedelta(seconds=-5))
        assert len(take(queue)) == 1

    def test_sends_a_message_of_ours_to_the_dead_letter_queue(self, queue: Queue) -> None:
        queue.publisher.dead_letter(RETRY, "failed-batch", "the item is too large")
        (dead,) = queue.dead_letters()
        assert decode(dead.body, dead.message_id) == RETRY
        assert dead.group == USER
        assert dict(dead.attributes) == {
            "reason": "failed-batch",
            "error": "the item is too large",
            "failedAt": "2026-11-23T12:00:00.000Z",
            "receiveCount": "0",
        }


class TestSqsPublisher(PublisherPromises):
    @pytest.fixture
    def queue(self, sqs: SqsClients, queues: QueueUrls) -> Queue:
        return RealQueue(sqs, queues)


class TestFakePublisher(PublisherPromises):
    @pytest.fixture
    def queue(self) -> Queue:
        return MemoryQueue()
