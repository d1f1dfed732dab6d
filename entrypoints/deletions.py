"""Messages that are done, deleted ten a call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Lock, Thread

from domain.deliveries import Inbox, Received
from domain.failures import Reason, Transient
from entrypoints.tries import Tries
from entrypoints.undeleted import Undeleted

MOST_AT_ONCE = 10
"""DeleteMessageBatch takes no more."""
LONGEST_WAIT = timedelta(milliseconds=200)


@dataclass(slots=True, eq=False)
class Deletions:
    """The tenth message sends them all; `flush` sends what there is. Thread-safe.

    What cannot be deleted is remembered as `undeleted`, to be deleted when it is delivered again.
    """

    inbox: Inbox
    tries: Tries
    undeleted: Undeleted
    _lock: Lock = field(default_factory=Lock, init=False)
    _waiting: list[Received] = field(default_factory=list, init=False)
    _some: Event = field(default_factory=Event, init=False)
    _under_way: Lock = field(default_factory=Lock, init=False)

    def add(self, received: Received) -> None:
        """Have it deleted soon."""
        with self._lock:
            self._waiting.append(received)
            full = self._waiting[:MOST_AT_ONCE] if len(self._waiting) >= MOST_AT_ONCE else []
            del self._waiting[: len(full)]
        self._delete(tuple(full))
        self._some.set()

    def flush(self) -> None:
        """Delete all that wait. Never raises a `Failure`."""
        with self._lock:
            self._some.clear()
            waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), MOST_AT_ONCE):
            self._delete(tuple(waiting[start : start + MOST_AT_ONCE]))

    def wait(self) -> None:
        """Until the thread of `going_on` has ended the flush that it is at, if it is at one."""
        with self._under_way:
            return

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """A thread flushes what has waited for 200 ms, until the context ends."""
        ended = Event()
        thread = Thread(target=self._go_on, args=(ended,), name="deletions", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            self._some.set()

    def _go_on(self, ended: Event) -> None:
        while self._some.wait() and not ended.wait(LONGEST_WAIT.total_seconds()):
            with self._under_way:
                self.flush()

    def _delete(self, messages: tuple[Received, ...]) -> None:
        left = messages

        def delete() -> None:
            nonlocal left
            left = self.inbox.delete_all(left)
            if left:
                raise Transient(Reason.DATABASE_ERROR, f"SQS did not delete {len(left)} messages")

        if messages:
            self.tries("messages not deleted", delete)
            for message in messages:
                if message in left:
                    self.undeleted.add(message.message_id)
                else:
                    self.undeleted.remove(message.message_id)
