"""The simulation's queue, which settles whole outcomes, seen as an inbox and a publisher."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.deliveries import Inbox, QueueDepth, Received
from domain.failures import Reason
from domain.outcomes import Done, Later
from entrypoints.messages import encode
from tests.builders import VISIBILITY, a_request
from tests.contracts.inboxes import Queue, take
from tests.fakes.clock import FakeClock
from tests.fakes.inbox import whole_seconds
from tests.fakes.queue import Copy, SimulatedQueue

NEVER = timedelta(days=1)


class SimulatedInbox(Inbox):
    """A receipt is a copy's number and delivery.

    The simulated queue hides for as long as an outcome says (the domain says whole seconds) and
    dead-letters what an outcome says so of: neither has a method of its own.
    """

    def __init__(self, clock: FakeClock, queue: SimulatedQueue) -> None:
        self._clock = clock
        self._queue = queue

    def receive(self, limit: int, wait: timedelta) -> tuple[Received, ...]:
        del wait
        return tuple(_received(self._queue.receive(c)) for c in self._queue.visible()[:limit])

    def extend(self, messages: tuple[Received, ...], hidden_for: timedelta) -> tuple[Received, ...]:
        assert hidden_for == VISIBILITY
        return tuple(each for each in messages if not self._queue.extend(_copy(each)))

    def hide(self, message: Received, hidden_for: timedelta) -> None:
        self._queue.settle(_copy(message), Later(whole_seconds(hidden_for, NEVER)))

    def delete(self, message: Received) -> None:
        self._queue.settle(_copy(message), Done())

    def delete_all(self, messages: tuple[Received, ...]) -> tuple[Received, ...]:
        for message in messages:
            self.delete(message)
        return ()

    def send_again(self, message: Received, after: timedelta, now: datetime) -> None:
        raise NotImplementedError

    def dead_letter(self, message: Received, reason: Reason, error: str, now: datetime) -> None:
        raise NotImplementedError

    def depths(self) -> dict[str, QueueDepth]:
        visible = self._queue.visible()
        hidden = [copy for copy in self._queue.copies.values() if copy not in visible]
        delayed = sum(copy.receives == 0 for copy in hidden)
        source = QueueDepth(len(visible), len(hidden) - delayed, delayed)
        return {"source": source, "dlq": QueueDepth(len(self._queue.dead.letters), 0, 0)}


class SimulationsQueue(Queue):
    """In virtual time; a body that is put is the id of a request."""

    def __init__(self, visibility: timedelta = VISIBILITY) -> None:
        self._clock = FakeClock()
        self._queue = SimulatedQueue(self._clock, visibility)

    @property
    def publisher(self) -> SimulatedQueue:
        return self._queue

    @property
    def inbox(self) -> SimulatedInbox:
        return SimulatedInbox(self._clock, self._queue)

    def put(self, body: str, group: str | None = None, **attributes: str) -> None:
        assert group is None
        assert not attributes
        self.publisher.publish(a_request(body), timedelta(0))

    def take_after(self, wait: timedelta) -> tuple[Received, ...]:
        self._clock.advance(wait - timedelta(microseconds=1))
        assert take(self) == ()
        self._clock.advance(timedelta(microseconds=1))
        return take(self)

    def dead_letters(self) -> tuple[Received, ...]:
        return tuple(
            Received("", "", encode(message), 0, self._clock.now(), None, (("reason", reason),))
            for message, reason in self.publisher.dead.letters
        )


def _received(copy: Copy) -> Received:
    return Received(
        message_id=str(copy.number),
        receipt=f"{copy.number}/{copy.receives}",
        body=encode(copy.message),
        receive_count=copy.receives,
        sent_at=copy.visible_at,
    )


def _copy(received: Received) -> Copy:
    """The delivery that the receipt names."""
    message = a_request(received.body)
    return Copy(
        int(received.message_id), message, received.sent_at, int(received.receipt.split("/")[1])
    )
