"""What every dead-letter queue promises: looking into it, and moving messages back."""

from __future__ import annotations

import pytest

from adapters.sqs_clients import QueueUrls, SqsClients
from adapters.sqs_dead_letter_values import Wanted
from adapters.sqs_dead_letters import SqsDeadLetters
from domain.deliveries import QueueDepth
from domain.failures import Reason, Transient
from entrypoints.commands.opening import DeadLetters
from entrypoints.messages import encode
from tests.builders import NOW, USER, a_request
from tests.contracts.inboxes import AT_ONCE, MemoryQueue, Queue, RealQueue, take
from tests.dynamodb import Wire
from tests.fakes.dead_letters import FakeDeadLetters

ANY = Wanted()
BODY = encode(a_request())


def bury(queue: Queue, body: str = BODY, reason: Reason = Reason.BUG, **own: str) -> str:
    """A message is sent, received and dead-lettered; its id on the source queue."""
    queue.put(body, USER, **own)
    (received,) = take(queue, 1)
    queue.inbox.dead_letter(received, reason, "what went wrong", NOW)
    queue.inbox.delete(received)
    return received.message_id


def visible(queue: Queue) -> int:
    """Dead letters that a look would find."""
    return queue.inbox.depths()["dlq"].visible


class LookPromises:
    def test_finds_nothing_in_an_empty_queue(self, letters: DeadLetters) -> None:
        with letters.look(ANY) as look:
            assert list(look) == []

    def test_tells_what_is_known_of_a_message(self, queue: Queue, letters: DeadLetters) -> None:
        source_id = bury(queue)
        with letters.look(ANY) as look:
            (letter,) = look
        assert (letter.reason, letter.error) == ("bug", "what went wrong")
        assert (letter.message_type, letter.user_id, letter.sync_type) == (
            "sync-page",
            USER,
            "manual",
        )
        assert letter.failed_at == "2026-11-23T12:00:00.000Z"
        assert (letter.source_message_id, letter.receive_count) == (source_id, 1)
        assert letter.body == BODY

    def test_finds_more_messages_than_one_call_gives(
        self, queue: Queue, letters: DeadLetters
    ) -> None:
        ids = {bury(queue) for _ in range(12)}
        with letters.look(ANY) as look:
            assert {letter.source_message_id for letter in look} == ids

    def test_gives_everything_back(self, queue: Queue, letters: DeadLetters) -> None:
        for _ in range(12):
            bury(queue)
        with letters.look(ANY) as look:
            assert visible(queue) == 12
            list(look)
            assert visible(queue) == 0
        assert visible(queue) == 12

    def test_hides_messages_from_another_look(self, queue: Queue, letters: DeadLetters) -> None:
        for _ in range(3):
            bury(queue)
        with letters.look(Wanted(limit=2)) as first:
            taken = {letter.source_message_id for letter in first}
            with letters.look(ANY) as second:
                assert taken.isdisjoint(letter.source_message_id for letter in second)
        assert visible(queue) == 3

    def test_gives_everything_back_where_the_look_fails(
        self, queue: Queue, letters: DeadLetters
    ) -> None:
        bury(queue)
        with pytest.raises(LookupError), letters.look(ANY) as look:
            raise LookupError(list(look))
        assert visible(queue) == 1

    def test_counts_a_look_as_a_receive_of_nobody(self, queue: Queue, letters: DeadLetters) -> None:
        bury(queue)
        for _ in range(2):
            with letters.look(ANY) as look:
                assert [letter.receive_count for letter in look] == [1]

    def test_filters_by_reason_and_user(self, queue: Queue, letters: DeadLetters) -> None:
        bury(queue, reason=Reason.SHOPIFY_ERROR)
        wanted = bury(queue, reason=Reason.INVALID_MESSAGE)
        bury(queue, body='{"userId":"somebody else"}', reason=Reason.INVALID_MESSAGE)
        with letters.look(Wanted("invalid-message", USER)) as look:
            assert [letter.source_message_id for letter in look] == [wanted]
        assert visible(queue) == 3

    @pytest.mark.parametrize("limit", [0, 1, 2, 5])
    def test_stops_at_the_limit(self, queue: Queue, letters: DeadLetters, limit: int) -> None:
        for _ in range(3):
            bury(queue)
        with letters.look(Wanted(limit=limit)) as look:
            assert len(list(look)) == min(limit, 3)


class RedrivePromises:
    def test_moves_the_message_back_as_its_sender_made_it(
        self, queue: Queue, letters: DeadLetters
    ) -> None:
        bury(queue, traceparent="00-1")
        with letters.look(ANY) as look:
            for letter in look:
                look.redrive(letter)
        (received,) = take(queue)
        assert (received.body, received.group, received.receive_count) == (BODY, USER, 1)
        assert received.attributes == (("traceparent", "00-1"),)
        assert visible(queue) == 0

    def test_leaves_the_others_where_they_are(self, queue: Queue, letters: DeadLetters) -> None:
        for _ in range(3):
            bury(queue)
        with letters.look(Wanted(limit=1)) as look:
            for letter in look:
                look.redrive(letter)
        assert len(take(queue)) == 1
        assert visible(queue) == 2

    def test_ends_though_a_worker_buries_what_was_redriven_at_once(
        self, queue: Queue, letters: DeadLetters
    ) -> None:
        bury(queue)
        redriven = 0
        with letters.look(ANY) as look:
            for letter in look:
                look.redrive(letter)
                redriven += 1
                assert redriven < 10
                (received,) = take(queue)
                queue.inbox.dead_letter(received, Reason.BUG, "again", NOW)
                queue.inbox.delete(received)
        assert redriven == 1
        assert visible(queue) == 1


class TestSqsDeadLetters(LookPromises, RedrivePromises):
    @pytest.fixture
    def queue(self, sqs: SqsClients, queues: QueueUrls) -> Queue:
        return RealQueue(sqs, queues)

    @pytest.fixture
    def letters(self, sqs: SqsClients, queues: QueueUrls) -> DeadLetters:
        return SqsDeadLetters(sqs, queues, wait=AT_ONCE)


class TestFakeDeadLetters(LookPromises, RedrivePromises):
    @pytest.fixture
    def memory(self) -> MemoryQueue:
        return MemoryQueue()

    @pytest.fixture
    def queue(self, memory: MemoryQueue) -> Queue:
        return memory

    @pytest.fixture
    def letters(self, memory: MemoryQueue) -> DeadLetters:
        return FakeDeadLetters(memory.inbox)


class TestSqsDeadLettersInTrouble:
    """SQS's alone: the fake moves a message in one step, which no failure divides."""

    @pytest.fixture
    def queue(self, impatient_sqs: SqsClients, queues: QueueUrls) -> Queue:
        return RealQueue(impatient_sqs, queues)

    @pytest.mark.parametrize(
        ("operation", "moved", "left"), [("SendMessage", 1, 1), ("DeleteMessage", 1, 0)]
    )
    def test_moves_a_copy_too_many_rather_than_one_too_few(
        self, queue: RealQueue, operation: str, moved: int, left: int
    ) -> None:
        bury(queue)
        wire = Wire(queue.clients.send)
        with SqsDeadLetters(queue.clients, queue.urls, AT_ONCE).look(ANY) as look:
            (letter,) = look
            wire.lose_next_answer(operation)
            with pytest.raises(Transient):
                look.redrive(letter)
        assert queue.inbox.depths() == {
            "source": QueueDepth(moved, 0, 0),
            "dlq": QueueDepth(left, 0, 0),
        }

    def test_leaves_the_message_where_it_cannot_be_sent(self, queue: RealQueue) -> None:
        bury(queue)
        wire = Wire(queue.clients.send)
        with SqsDeadLetters(queue.clients, queue.urls, AT_ONCE).look(ANY) as look:
            (letter,) = look
            wire.fail_next()
            with pytest.raises(Transient):
                look.redrive(letter)
        assert queue.inbox.depths()["source"] == QueueDepth(0, 0, 0)
        assert visible(queue) == 1
