"""Our own messages, sent to Amazon SQS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from adapters.sqs_attributes import (
    LONGEST_DELAY,
    fitting,
    group_id,
    instant,
    one_line,
    strings,
    whole_seconds,
)
from adapters.sqs_clients import QueueUrls
from adapters.sqs_sending import Envelope, send
from domain.messages import Message
from domain.ports import Clock, Publisher

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class SqsPublisher(Publisher):
    """Sends through a client that makes a single attempt; `encode` gives a message's body."""

    client: SQSClient
    urls: QueueUrls
    encode: Callable[[Message], str]
    clock: Clock

    def publish(self, message: Message, delay: timedelta) -> None:
        send(
            self.client,
            self.urls.source,
            Envelope(
                self.encode(message),
                group_id(message.user_id),
                delay=whole_seconds(delay, LONGEST_DELAY),
            ),
        )

    def dead_letter(self, message: Message, reason: str, error: str) -> None:
        """It was never received: it has no `sourceMessageId`, and its `receiveCount` is 0."""
        body = self.encode(message)
        ours = {
            "reason": reason,
            "error": one_line(error),
            "failedAt": instant(self.clock.now()),
            "receiveCount": "0",
        }
        attributes = strings(fitting(body, ours))
        send(
            self.client,
            self.urls.dlq,
            Envelope(body, group_id(message.user_id), attributes),
        )
