"""What the contract tests of queues share: a queue, filled and looked at from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from adapters.sqs_attributes import strings
from adapters.sqs_clients import QueueUrls, SqsClients
from adapters.sqs_inbox import SqsInbox
from adapters.sqs_publisher import SqsPublisher
from adapters.sqs_receiving import receive
from adapters.sqs_sending import Envelope, send
from domain.deliveries import Inbox, Received
from domain.ports import Publisher
from entrypoints.messages import encode
from tests.builders import VISIBILITY
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import FakeInbox
from tests.fakes.publisher import FakePublisher

AT_ONCE = timedelta(0)
SECOND = timedelta(seconds=1)
MOST_RECEIVES = 100


class Queue(Protocol):
    """A queue and its dead-letter queue, whoever implements them."""

    @property
    def inbox(self) -> Inbox: ...

    @property
    def publisher(self) -> Publisher: ...

    def put(self, body: str, group: str | None = None, **attributes: str) -> None: ...

    def take_after(self, wait: timedelta) -> tuple[Received, ...]:
        """What is visible once so much time has passed, and was not before."""

    def dead_letters(self) -> tuple[Received, ...]: ...


@dataclass(frozen=True, slots=True)
class RealQueue(Queue):
    """In the local SQS."""

    clients: SqsClients
    urls: QueueUrls

    @property
    def inbox(self) -> Inbox:
        return SqsInbox(self.clients, self.urls)

    @property
    def publisher(self) -> Publisher:
        return SqsPublisher(self.clients.send, self.urls, encode, FakeClock())

    def put(self, body: str, group: str | None = None, **attributes: str) -> None:
        envelope = Envelope(body, group, strings(attributes.items()))
        send(self.clients.send, self.urls.source, envelope)

    def take_after(self, wait: timedelta) -> tuple[Received, ...]:
        """A long poll ends with the first message."""
        assert take(self) == ()
        return self.inbox.receive(10, wait + 3 * SECOND)

    def dead_letters(self) -> tuple[Received, ...]:
        return receive(self.clients.settle, self.urls.dlq, 10, AT_ONCE)


class MemoryQueue(Queue):
    """In this process."""

    def __init__(self, visibility: timedelta = VISIBILITY) -> None:
        self._clock = FakeClock()
        self._inbox = FakeInbox(self._clock, visibility)
        self._publisher = FakePublisher(self._inbox, self._clock)

    @property
    def inbox(self) -> FakeInbox:
        return self._inbox

    @property
    def publisher(self) -> FakePublisher:
        return self._publisher

    def put(self, body: str, group: str | None = None, **attributes: str) -> None:
        self._inbox.put(body, attributes.items(), group=group)

    def take_after(self, wait: timedelta) -> tuple[Received, ...]:
        self._clock.advance(wait - timedelta(microseconds=1))
        assert take(self) == ()
        self._clock.advance(timedelta(microseconds=1))
        return take(self)

    def dead_letters(self) -> tuple[Received, ...]:
        return tuple(each.received() for each in self._inbox.dead)


def take(queue: Queue, most: int = 10) -> tuple[Received, ...]:
    """What is visible now."""
    return queue.inbox.receive(most, AT_ONCE)


def take_all(queue: Queue) -> Iterator[Received]:
    """What is visible now, however many receives it takes (up to what no test needs)."""
    for _ in range(MOST_RECEIVES):
        if not (found := take(queue)):
            return
        yield from found
    raise AssertionError("there is no end of messages")


def take_one(queue: Queue, body: str = "1") -> Received:
    """A message is sent and received."""
    queue.put(body)
    (received,) = take(queue)
    return received


def take_twice(queue: Queue, body: str = "1") -> tuple[Received, Received]:
    """A message is sent, received, given back and received again: a stale delivery, a fresh one."""
    stale = take_one(queue, body)
    queue.inbox.hide(stale, AT_ONCE)
    (fresh,) = take(queue)
    return stale, fresh
