"""A standard queue and its dead-letter queue in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from threading import Condition

from domain.deliveries import Inbox, QueueDepth, Received
from domain.failures import Failure, Reason, Transient
from tests.fakes.clock import FakeClock

AT_ONCE = timedelta(0)
SECOND = timedelta(seconds=1)
VISIBILITY = timedelta(seconds=120)
LONGEST_DELAY = timedelta(seconds=900)
LONGEST_HIDING = timedelta(hours=12)
LONGEST_ERROR = 512


def whole_seconds(duration: timedelta, longest: timedelta) -> timedelta:
    """Rounded up, as far as the queue can wait; a negative duration is none."""
    return min(max(-(-duration // SECOND) * SECOND, AT_ONCE), longest)


@dataclass(slots=True)
class Stored:
    """A message in a queue. `receipts` are those of all its deliveries, the last one is good."""

    message_id: str
    body: str
    sent_at: datetime
    visible_at: datetime
    group: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    receipts: list[str] = field(default_factory=list)
    original_id: str | None = None
    due_at: datetime | None = None

    def received(self) -> Received:
        return Received(
            message_id=self.message_id,
            receipt=self.receipts[-1] if self.receipts else "",
            body=self.body,
            receive_count=len(self.receipts),
            sent_at=self.sent_at,
            group=self.group,
            attributes=self.attributes,
            original_id=self.original_id,
            due_at=self.due_at,
        )


class FakeInbox(Inbox):
    """Time is the fake clock's; an earlier delivery's receipt neither hides nor deletes.

    A message that is visible again can be deleted, but not hidden, as it is not in flight.

    Only an empty receive waits in real time, as long as it was told to.
    """

    def __init__(self, clock: FakeClock, visibility: timedelta = VISIBILITY) -> None:
        self._clock = clock
        self._visibility = visibility
        self._changed = Condition()
        self._numbers = count(1)
        self._failures: dict[str, list[tuple[Failure, bool]]] = defaultdict(list)
        self.stored: dict[str, Stored] = {}
        self.dead: list[Stored] = []
        self.calls: list[str] = []
        """What was asked for, in the order of time."""
        self.undeletable: set[str] = set()
        """Messages of which SQS says, in an answer that is otherwise good, that it failed."""
        self.before_handing_over: Callable[[], object] = lambda: None
        """Called once messages are on their way to who receives them."""

    def put(
        self,
        body: str,
        attributes: Iterable[tuple[str, str]] = (),
        *,
        delay: timedelta = AT_ONCE,
        group: str | None = None,
    ) -> str:
        """A message is sent; its id."""
        with self._changed:
            now = self._clock.now()
            name = f"message-{next(self._numbers)}"
            self.stored[name] = Stored(name, body, now, now + delay, group, tuple(attributes))
            self._changed.notify_all()
            return name

    def fail(self, what: str, failure: Failure | None = None, times: int = 1) -> None:
        """The next calls of that method fail and have no effect."""
        failure = failure or Transient(Reason.DATABASE_ERROR, "SQS does not answer")
        with self._changed:
            self._failures[what] += [(failure, False)] * times

    def lose_next_answer(self, what: str) -> None:
        """The next call of that method takes effect, and its caller never knows."""
        with self._changed:
            failure = Transient(Reason.DATABASE_ERROR, "the answer was lost")
            self._failures[what].append((failure, True))

    def hidden_for(self, message_id: str) -> timedelta:
        return self.stored[message_id].visible_at - self._clock.now()

    def receive(self, limit: int, wait: timedelta) -> tuple[Received, ...]:
        with self._call("receive"):
            self._changed.wait_for(self._visible, wait.total_seconds())
            found = self._visible()[:limit]
            for each in found:
                each.receipts.append(f"receipt-{next(self._numbers)}")
                each.visible_at = self._clock.now() + self._visibility
            received = tuple(each.received() for each in found)
        if received:
            self.before_handing_over()
        return received

    def extend(self, messages: tuple[Received, ...], hidden_for: timedelta) -> tuple[Received, ...]:
        with self._call("extend"):
            return tuple(each for each in messages if not self._hide(each, hidden_for))

    def hide(self, message: Received, hidden_for: timedelta) -> None:
        with self._call("hide"):
            self._hide(message, hidden_for)

    def delete(self, message: Received) -> None:
        with self._call("delete"):
            if self._is_latest(message):
                del self.stored[message.message_id]

    def delete_all(self, messages: tuple[Received, ...]) -> tuple[Received, ...]:
        with self._call("delete_all"):
            failed = tuple(each for each in messages if each.message_id in self.undeletable)
            for each in messages:
                if each not in failed and self._is_latest(each):
                    del self.stored[each.message_id]
            return failed

    def send_again(self, message: Received, after: timedelta, now: datetime) -> None:
        with self._call("send_again"):
            delay = whole_seconds(after, LONGEST_DELAY)
            copy = self.stored[self.put(message.body, (), delay=delay, group=message.group)]
            copy.original_id, copy.due_at = message.identity, now + after
            copy.attributes = message.attributes

    def dead_letter(self, message: Received, reason: Reason, error: str, now: datetime) -> None:
        with self._call("dead_letter"):
            ours = {
                "reason": reason.value,
                "error": error,
                "failedAt": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "sourceMessageId": message.message_id,
                "receiveCount": str(message.receive_count),
            }
            self.bury(message.body, message.group, {**dict(message.attributes), **ours})

    def bury(self, body: str, group: str | None, attributes: dict[str, str]) -> None:
        """A message is sent to the dead-letter queue; an empty attribute is none."""
        now = self._clock.now()
        found = {**attributes, "error": _one_line(attributes.get("error", ""))}
        kept = tuple((name, value) for name, value in found.items() if value)
        self.dead.append(Stored(f"dead-{next(self._numbers)}", body, now, now, group, kept))

    def depths(self) -> dict[str, QueueDepth]:
        with self._call("depths"):
            hidden = [each for each in self.stored.values() if each not in self._visible()]
            delayed = sum(not each.receipts for each in hidden)
            depth = QueueDepth(len(self._visible()), len(hidden) - delayed, delayed)
            return {"source": depth, "dlq": QueueDepth(len(self.dead), 0, 0)}

    @contextmanager
    def _call(self, what: str) -> Iterator[None]:
        """One call at a time, with the failure that is due, before it takes effect or after."""
        with self._changed:
            self.calls.append(what)
            due = self._failures[what]
            failure, after = due.pop(0) if due else (None, False)
            if failure and not after:
                raise failure
            yield
            if failure:
                raise failure

    def _visible(self) -> list[Stored]:
        now = self._clock.now()
        return [each for each in self.stored.values() if each.visible_at <= now]

    def _is_latest(self, message: Received) -> bool:
        stored = self.stored.get(message.message_id)
        return stored is not None and stored.receipts[-1:] == [message.receipt]

    def _hide(self, message: Received, hidden_for: timedelta) -> bool:
        now = self._clock.now()
        if not self._is_latest(message) or self.stored[message.message_id].visible_at <= now:
            return False
        hidden_until = now + whole_seconds(hidden_for, LONGEST_HIDING)
        self.stored[message.message_id].visible_at = hidden_until
        self._changed.notify_all()
        return True


def _one_line(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text).strip()[:LONGEST_ERROR]
