"""What every publisher promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from adapters.sqs_clients import QueueUrls, SqsClients
from domain.deliveries import QueueDepth
from domain.failures import Transient
from domain.messages import Message, RetryBatch, RunKey, SyncType
from entrypoints.messages import decode
from tests.builders import KEY, NOW, USER, a_continuation, a_request
from tests.contracts.inboxes import AT_ONCE, SECOND, Queue, take, take_all
from tests.contracts.troubled_queues import (
    SendingInTrouble,
    TroubledMemory,
    TroubledSimulation,
    TroubledSqs,
)
from tests.dynamodb import Wire

RETRY = RetryBatch(KEY, "manual#run-1#3#1_failed_orders")


class PublisherPromises:
    @pytest.mark.parametrize(
        "message", [a_continuation(7), a_request(restart=True, updated_since=NOW), RETRY]
    )
    def test_sends_a_message_that_reads_the_same(self, queue: Queue, message: Message) -> None:
        queue.publisher.publish(message, AT_ONCE)
        (received,) = take(queue)
        assert decode(received.body, received.message_id) == message

    @pytest.mark.parametrize("seconds", [0.001, 1, 900, 5000])
    def test_delays_the_message(self, queue: Queue, seconds: float) -> None:
        queue.publisher.publish(a_continuation(), timedelta(seconds=seconds))
        assert take(queue) == ()
        assert queue.inbox.depths()["source"] == QueueDepth(0, 0, 1)

    def test_rounds_the_delay_up_to_a_whole_second(self, queue: Queue) -> None:
        queue.publisher.publish(a_continuation(), 0.2 * SECOND)
        assert len(queue.take_after(SECOND)) == 1

    def test_takes_a_negative_delay_for_none(self, queue: Queue) -> None:
        queue.publisher.publish(a_continuation(), timedelta(seconds=-5))
        assert len(take(queue)) == 1

    def test_sends_as_often_as_it_is_told_to(self, queue: Queue) -> None:
        for _ in range(2):
            queue.publisher.publish(a_continuation(), AT_ONCE)
        assert len(take(queue)) == 2

    def test_sends_a_message_of_ours_to_the_dead_letter_queue(self, queue: Queue) -> None:
        queue.publisher.dead_letter(RETRY, "failed-batch", "the item is too large")
        (dead,) = queue.dead_letters()
        assert decode(dead.body, dead.message_id) == RETRY
        assert dict(dead.attributes)["reason"] == "failed-batch"
        assert take(queue) == ()

    def test_keeps_every_message_of_many_senders(self, queue: Queue) -> None:
        def send(page: int) -> None:
            queue.publisher.publish(a_continuation(page), AT_ONCE)

        with ThreadPoolExecutor(16) as threads:
            list(threads.map(send, range(1, 33)))
        messages = [decode(each.body, each.message_id) for each in take_all(queue)]
        assert len(messages) == 32
        assert set(messages) == {a_continuation(page) for page in range(1, 33)}


class TroublePromises:
    """One attempt: who is told of a failure knows that a message may have been sent, or not."""

    def test_sends_nothing_where_sending_fails(self, queue: SendingInTrouble) -> None:
        queue.fail_to_send()
        with pytest.raises(Transient):
            queue.publisher.publish(a_continuation(), AT_ONCE)
        assert take(queue) == ()
        queue.publisher.publish(a_continuation(), AT_ONCE)
        assert len(take(queue)) == 1

    def test_has_sent_a_message_whose_answer_is_lost(self, queue: SendingInTrouble) -> None:
        queue.lose_what_was_sent()
        with pytest.raises(Transient):
            queue.publisher.publish(a_continuation(), AT_ONCE)
        assert len(take(queue)) == 1

    def test_sends_twice_what_is_sent_again_after_a_lost_answer(
        self, queue: SendingInTrouble
    ) -> None:
        queue.lose_what_was_sent()
        with pytest.raises(Transient):
            queue.publisher.publish(a_continuation(), AT_ONCE)
        queue.publisher.publish(a_continuation(), AT_ONCE)
        assert len(take(queue)) == 2

    def test_buries_a_copy_too_many_rather_than_one_too_few(self, queue: SendingInTrouble) -> None:
        queue.lose_what_was_sent()
        with pytest.raises(Transient):
            queue.publisher.dead_letter(RETRY, "failed-batch", "error")
        queue.publisher.dead_letter(RETRY, "failed-batch", "error")
        assert len(queue.dead_letters()) == 2


class LabelPromises:
    """The simulation's queue carries messages of the domain, without groups and attributes."""

    def test_groups_messages_by_user(self, queue: Queue) -> None:
        queue.publisher.publish(a_continuation(), AT_ONCE)
        assert take(queue)[0].group == USER

    def test_says_why_and_when_a_message_of_ours_was_dead_lettered(self, queue: Queue) -> None:
        queue.publisher.dead_letter(RETRY, "failed-batch", "the item\nis too large")
        (dead,) = queue.dead_letters()
        assert dead.group == USER
        assert dict(dead.attributes) == {
            "reason": "failed-batch",
            "error": "the item is too large",
            "failedAt": "2026-11-23T12:00:00.000Z",
            "receiveCount": "0",
        }

    def test_keeps_a_long_error_to_512_characters(self, queue: Queue) -> None:
        queue.publisher.dead_letter(RETRY, "failed-batch", "x" * 1000)
        assert dict(queue.dead_letters()[0].attributes)["error"] == "x" * 512

    def test_groups_users_apart_whose_ids_sqs_takes_for_no_group(self, queue: Queue) -> None:
        for user in ("zoë", "zoé", "zoë"):
            queue.publisher.publish(a_continuation(key=RunKey(user, SyncType.DAILY)), AT_ONCE)
        groups = {decode(each.body, "").user_id: each.group for each in take(queue)}
        assert len(groups) == len(set(groups.values())) == 2


class LongDelayPromises:
    """In virtual time only: nobody waits 900 s for SQS.

    There the depth shows that a message is delayed, and SQS refuses more than 900 s; which number
    it is asked for is a matter of `whole_seconds` (tests/unit/adapters/test_sqs_attributes.py).
    """

    @pytest.mark.parametrize(("asked", "kept"), [(0.001, 1), (1, 1), (900, 900), (5000, 900)])
    def test_delays_for_whole_seconds_as_far_as_it_can(
        self, queue: Queue, asked: float, kept: float
    ) -> None:
        queue.publisher.publish(a_continuation(), timedelta(seconds=asked))
        assert len(queue.take_after(timedelta(seconds=kept))) == 1


class TestSqsPublisher(PublisherPromises, TroublePromises, LabelPromises):
    @pytest.fixture
    def queue(self, impatient_sqs: SqsClients, queues: QueueUrls) -> Queue:
        return TroubledSqs(impatient_sqs, queues, Wire(impatient_sqs.send))


class TestFakePublisher(PublisherPromises, TroublePromises, LabelPromises, LongDelayPromises):
    @pytest.fixture
    def queue(self) -> Queue:
        return TroubledMemory()


class TestSimulatedQueue(PublisherPromises, TroublePromises, LongDelayPromises):
    @pytest.fixture
    def queue(self) -> Queue:
        return TroubledSimulation()
