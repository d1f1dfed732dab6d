"""Queues whose calls fail before they take effect, or after: then the answer is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tests.contracts.inboxes import MemoryQueue, Queue, RealQueue
from tests.contracts.simulated_queues import SimulationsQueue
from tests.dynamodb import Wire

OPERATIONS = {
    "receive": "ReceiveMessage",
    "extend": "ChangeMessageVisibilityBatch",
    "hide": "ChangeMessageVisibility",
    "delete": "DeleteMessage",
    "delete_all": "DeleteMessageBatch",
    "send_again": "SendMessage",
    "dead_letter": "SendMessage",
    "depths": "GetQueueAttributes",
}


class SendingInTrouble(Queue, Protocol):
    def fail_to_send(self) -> None:
        """The next message is not sent."""

    def lose_what_was_sent(self) -> None:
        """The next message is sent, and its sender never knows."""


class InboxInTrouble(Queue, Protocol):
    def fail_to(self, what: str) -> None:
        """The next call of the inbox's method fails."""

    def lose_answer_to(self, what: str) -> None:
        """The next call of the inbox's method takes effect, and its caller never knows."""


class TroubledMemory(MemoryQueue):
    def fail_to_send(self) -> None:
        self.publisher.fail_next()

    def lose_what_was_sent(self) -> None:
        self.publisher.lose_next_answer()

    def fail_to(self, what: str) -> None:
        self.inbox.fail(what)

    def lose_answer_to(self, what: str) -> None:
        self.inbox.lose_next_answer(what)


class TroubledSimulation(SimulationsQueue):
    def fail_to_send(self) -> None:
        self.publisher.fail_next()

    def lose_what_was_sent(self) -> None:
        self.publisher.lose_next_answer()


@dataclass(frozen=True, slots=True)
class TroubledSqs(RealQueue):
    """One client does everything, without retries; the wire is that client's."""

    wire: Wire

    def fail_to_send(self) -> None:
        self.wire.fail_next()

    def lose_what_was_sent(self) -> None:
        self.wire.lose_next_answer("SendMessage")

    def fail_to(self, what: str) -> None:
        del what
        self.wire.fail_next()

    def lose_answer_to(self, what: str) -> None:
        self.wire.lose_next_answer(OPERATIONS[what])
