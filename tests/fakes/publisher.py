"""Our own messages, sent to a queue in memory."""

from __future__ import annotations

from datetime import timedelta

from domain.messages import Message
from domain.ports import Clock, Publisher
from entrypoints.messages import encode
from tests.fakes.faults import Faulty
from tests.fakes.inbox import LONGEST_DELAY, FakeInbox, whole_seconds


class FakePublisher(Faulty, Publisher):
    """`fail_next` and `lose_next_answer` say what goes wrong."""

    def __init__(self, inbox: FakeInbox, clock: Clock) -> None:
        super().__init__()
        self._inbox = inbox
        self._clock = clock

    def publish(self, message: Message, delay: timedelta) -> None:
        with self._call():
            self._inbox.put(
                encode(message),
                delay=whole_seconds(delay, LONGEST_DELAY),
                group=message.user_id,
            )

    def dead_letter(self, message: Message, reason: str, error: str) -> None:
        with self._call():
            at = self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
            attributes = {"reason": reason, "error": error, "failedAt": at, "receiveCount": "0"}
            self._inbox.bury(encode(message), message.user_id, attributes)
