"""The inbox over the sandbox's strict SQS, which refuses what the other local ones let pass."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from adapters.sqs_attributes import strings
from adapters.sqs_inbox import SqsInbox
from adapters.sqs_publisher import SqsPublisher
from adapters.sqs_receiving import receive
from adapters.sqs_sending import Envelope, send
from domain.deliveries import Inbox, QueueDepth, Received
from domain.failures import Permanent
from domain.ports import Publisher
from entrypoints.messages import encode
from tests.contracts.inboxes import AT_ONCE, SECOND, Queue, take, take_one
from tests.contracts.test_deliveries import DeliveryPromises
from tests.contracts.test_inbox import InboxPromises
from tests.strict_sqs import StrictQueues


@dataclass(frozen=True, slots=True)
class StrictQueue(Queue):
    """In this process, in fake time."""

    queues: StrictQueues = field(default_factory=StrictQueues)

    @property
    def inbox(self) -> Inbox:
        return SqsInbox(self.queues.clients, self.queues.urls)

    @property
    def publisher(self) -> Publisher:
        return SqsPublisher(self.queues.client, self.queues.urls, encode, self.queues.clock)

    def put(self, body: str, group: str | None = None, **attributes: str) -> None:
        envelope = Envelope(body, group, strings(attributes.items()))
        send(self.queues.client, self.queues.urls.source, envelope)

    def take_after(self, wait: timedelta) -> tuple[Received, ...]:
        self.queues.clock.advance(wait - timedelta(milliseconds=1))
        assert take(self) == ()
        self.queues.clock.advance(timedelta(milliseconds=1))
        return take(self)

    def dead_letters(self) -> tuple[Received, ...]:
        return receive(self.queues.client, self.queues.urls.dlq, 10, AT_ONCE)


class TestSqsInbox(InboxPromises, DeliveryPromises):
    @pytest.fixture
    def queue(self) -> StrictQueue:
        return StrictQueue()

    @pytest.fixture
    def brief_queue(self) -> StrictQueue:
        return StrictQueue(StrictQueues(visibility=SECOND))

    def test_leaves_a_message_alone_by_a_receipt_that_was_never_given(
        self, queue: StrictQueue
    ) -> None:
        received = replace(take_one(queue), receipt="not one of SQS's")
        queue.inbox.hide(received, AT_ONCE)
        assert queue.inbox.extend((received,), SECOND) == (received,)
        assert queue.inbox.depths()["source"] == QueueDepth(0, 1, 0)

    def test_hides_for_as_long_as_it_is_told_whatever_the_queue_says(self) -> None:
        queues = StrictQueues(visibility=SECOND)
        inbox = SqsInbox(queues.clients, queues.urls, timedelta(seconds=4.5))
        StrictQueue(queues).put("body")
        assert len(inbox.receive(10, AT_ONCE)) == 1
        queues.clock.advance(timedelta(seconds=4.9))
        assert inbox.receive(10, AT_ONCE) == ()
        queues.clock.advance(timedelta(seconds=0.1))
        assert len(inbox.receive(10, AT_ONCE)) == 1

    def test_says_so_where_a_message_of_ours_cannot_be_hidden_for_so_long(
        self, queue: StrictQueue
    ) -> None:
        received = take_one(queue)
        for _ in range(2):
            assert queue.inbox.extend((received,), timedelta(hours=6)) == ()
            queue.queues.clock.advance(timedelta(hours=1, minutes=30))
        with pytest.raises(Permanent, match="InvalidParameterValue"):
            queue.inbox.hide(received, timedelta(hours=11))
