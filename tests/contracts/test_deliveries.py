"""What every queue promises of messages that are delivered late, twice or to many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.sqs_clients import QueueUrls, SqsClients
from domain.deliveries import QueueDepth, Received
from tests.builders import VISIBILITY
from tests.contracts.inboxes import (
    AT_ONCE,
    SECOND,
    MemoryQueue,
    Queue,
    RealQueue,
    take,
    take_all,
    take_one,
    take_twice,
)
from tests.contracts.simulated_queues import SimulationsQueue

GONE = QueueDepth(0, 0, 0)
IN_FLIGHT = QueueDepth(0, 1, 0)
VISIBLE = QueueDepth(1, 0, 0)


def depth(queue: Queue) -> QueueDepth:
    return queue.inbox.depths()["source"]


class DeliveryPromises:
    def test_delivers_again_once_the_hiding_is_over(self, queue: Queue) -> None:
        first = take_one(queue)
        queue.inbox.hide(first, SECOND)
        (second,) = queue.take_after(SECOND)
        assert (second.message_id, second.receive_count) == (first.message_id, 2)

    def test_delivers_again_what_nobody_settles(self, brief_queue: Queue) -> None:
        """Its messages are hidden for a second."""
        first = take_one(brief_queue)
        (second,) = brief_queue.take_after(SECOND)
        assert (second.message_id, second.receive_count) == (first.message_id, 2)

    def test_counts_every_delivery(self, queue: Queue) -> None:
        _, second = take_twice(queue)
        queue.inbox.hide(second, AT_ONCE)
        (third,) = take(queue)
        assert third.receive_count == 3

    def test_gives_each_delivery_a_receipt_of_its_own(self, queue: Queue) -> None:
        first, second = take_twice(queue)
        queue.inbox.hide(second, AT_ONCE)
        assert len({first.receipt, second.receipt, take(queue)[0].receipt}) == 3

    def test_deletes_nothing_by_the_receipt_of_an_earlier_delivery(self, queue: Queue) -> None:
        stale, fresh = take_twice(queue)
        queue.inbox.delete(stale)
        assert depth(queue) == IN_FLIGHT
        queue.inbox.delete(fresh)
        assert depth(queue) == GONE

    def test_gives_nothing_back_by_the_receipt_of_an_earlier_delivery(self, queue: Queue) -> None:
        stale, _ = take_twice(queue)
        queue.inbox.hide(stale, AT_ONCE)
        assert depth(queue) == IN_FLIGHT

    def test_extends_nothing_by_the_receipt_of_an_earlier_delivery(self, queue: Queue) -> None:
        stale, fresh = take_twice(queue)
        other = take_one(queue, "2")
        assert queue.inbox.extend((stale, other, fresh), VISIBILITY) == (stale,)

    def test_deletes_a_message_that_is_visible_again(self, queue: Queue) -> None:
        late = take_one(queue)
        queue.inbox.hide(late, AT_ONCE)
        queue.inbox.delete(late)
        assert depth(queue) == GONE

    def test_extends_no_message_that_is_visible_again(self, queue: Queue) -> None:
        late = take_one(queue)
        queue.inbox.hide(late, AT_ONCE)
        assert queue.inbox.extend((late,), VISIBILITY) == (late,)
        assert depth(queue) == VISIBLE

    def test_hides_no_message_that_is_visible_again(self, queue: Queue) -> None:
        late = take_one(queue)
        queue.inbox.hide(late, AT_ONCE)
        queue.inbox.hide(late, VISIBILITY)
        assert depth(queue) == VISIBLE

    def test_hides_nothing_that_is_deleted(self, queue: Queue) -> None:
        received = take_one(queue)
        queue.inbox.delete(received)
        queue.inbox.hide(received, VISIBILITY)
        assert depth(queue) == GONE

    def test_extends_nothing_that_is_deleted(self, queue: Queue) -> None:
        received = take_one(queue)
        queue.inbox.delete(received)
        assert queue.inbox.extend((received,), VISIBILITY) == (received,)

    def test_may_be_told_twice_to_delete(self, queue: Queue) -> None:
        received, other = take_one(queue), take_one(queue, "2")
        for _ in range(2):
            queue.inbox.delete(received)
        assert depth(queue) == IN_FLIGHT
        queue.inbox.delete(other)

    def test_may_be_told_twice_to_give_back(self, queue: Queue) -> None:
        received = take_one(queue)
        for _ in range(2):
            queue.inbox.hide(received, AT_ONCE)
        assert depth(queue) == VISIBLE

    def test_leaves_the_other_messages_alone(self, queue: Queue) -> None:
        for number in range(3):
            queue.put(str(number))
        first, second, third = take(queue)
        queue.inbox.delete(first)
        queue.inbox.hide(third, AT_ONCE)
        assert [each.message_id for each in take(queue)] == [third.message_id]
        assert queue.inbox.extend((second,), VISIBILITY) == ()


class CrowdPromises:
    """16 threads at once. The simulation's queue is not among them: its turns take one thread."""

    def test_hands_each_message_to_one_of_many(self, queue: Queue) -> None:
        for number in range(40):
            queue.put(str(number))

        def work(_: int) -> list[Received]:
            return list(take_all(queue))

        with ThreadPoolExecutor(16) as threads:
            taken = [each for mine in threads.map(work, range(16)) for each in mine]
        assert sorted(int(each.body) for each in taken) == list(range(40))
        assert len({each.receipt for each in taken}) == 40
        assert depth(queue) == QueueDepth(0, 40, 0)

    def test_hands_over_what_arrives_during_the_wait(self, queue: Queue) -> None:
        with ThreadPoolExecutor(1) as threads:
            receiving = threads.submit(queue.inbox.receive, 10, 5 * SECOND)
            queue.put("1")
            assert [each.body for each in receiving.result()] == ["1"]

    def test_keeps_every_message_of_many_senders(self, queue: Queue) -> None:
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda number: queue.put(str(number)), range(32)))
        assert sorted(int(each.body) for each in take_all(queue)) == list(range(32))

    def test_settles_for_many_at_once(self, queue: Queue) -> None:
        for number in range(32):
            queue.put(str(number))
        received = list(take_all(queue))

        def settle(message: Received) -> None:
            if int(message.body) % 2:
                queue.inbox.delete(message)
            else:
                queue.inbox.hide(message, AT_ONCE)

        with ThreadPoolExecutor(16) as threads:
            list(threads.map(settle, received))
        assert depth(queue) == QueueDepth(16, 0, 0)

    def test_takes_many_deletions_of_one_message(self, queue: Queue) -> None:
        received = take_one(queue)
        take_one(queue, "2")
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(queue.inbox.delete, [received] * 16))
        assert depth(queue) == IN_FLIGHT


class TestSqsInbox(DeliveryPromises, CrowdPromises):
    @pytest.fixture
    def queue(self, sqs: SqsClients, queues: QueueUrls) -> Queue:
        return RealQueue(sqs, queues)

    @pytest.fixture
    def brief_queue(self, sqs: SqsClients, brief_queues: QueueUrls) -> Queue:
        return RealQueue(sqs, brief_queues)


class TestFakeInbox(DeliveryPromises, CrowdPromises):
    @pytest.fixture
    def queue(self) -> Queue:
        return MemoryQueue()

    @pytest.fixture
    def brief_queue(self) -> Queue:
        return MemoryQueue(SECOND)


class TestSimulatedQueue(DeliveryPromises):
    @pytest.fixture
    def queue(self) -> Queue:
        return SimulationsQueue()

    @pytest.fixture
    def brief_queue(self) -> Queue:
        return SimulationsQueue(SECOND)
