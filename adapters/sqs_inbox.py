"""The queue we consume, on Amazon SQS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from botocore.exceptions import ClientError

from adapters.aws_failures import translated
from adapters.sqs_attributes import (
    DUE_AT,
    LONGEST_DELAY,
    LONGEST_HIDING,
    ORIGINAL_ID,
    again,
    fitting,
    instant,
    one_line,
    strings,
    whole_seconds,
)
from adapters.sqs_clients import QueueUrls, SqsClients
from adapters.sqs_receipts import is_no_longer_ours
from adapters.sqs_receiving import BATCH, receive
from adapters.sqs_sending import Envelope, send
from domain.deliveries import Inbox, QueueDepth, Received
from domain.failures import Failure, Reason

_LONGEST_FROM_NOW = LONGEST_HIDING - 3600
_VISIBLE: Final = "ApproximateNumberOfMessages"
_IN_FLIGHT: Final = "ApproximateNumberOfMessagesNotVisible"
_DELAYED: Final = "ApproximateNumberOfMessagesDelayed"


@dataclass(frozen=True, slots=True)
class SqsInbox(Inbox):
    """A standard queue and its dead-letter queue.

    Messages are hidden for `visibility` at first, whatever the queue itself says (None: as it
    says): the heartbeat goes by that, and would come too late in a queue that hides for less.
    """

    clients: SqsClients
    urls: QueueUrls
    visibility: timedelta | None = None

    def receive(self, limit: int, wait: timedelta) -> tuple[Received, ...]:
        with translated("receiving messages"):
            return receive(
                self.clients.receive, self.urls.source, limit, wait, hidden_for=self.visibility
            )

    def extend(self, messages: tuple[Received, ...], hidden_for: timedelta) -> tuple[Received, ...]:
        """All chunks of ten are tried; then the first failure of a whole chunk is raised."""
        failed: list[Received] = []
        failures: list[Failure] = []
        seconds = whole_seconds(hidden_for, LONGEST_HIDING)
        for start in range(0, len(messages), BATCH):
            chunk = messages[start : start + BATCH]
            try:
                failed.extend(self._extend(chunk, seconds))
            except Failure as failure:
                failures.append(failure)
        if failures:
            raise failures[0]
        return tuple(failed)

    def _extend(self, chunk: tuple[Received, ...], seconds: int) -> list[Received]:
        with translated("extending the visibility of messages"):
            answer = self.clients.settle.change_message_visibility_batch(
                QueueUrl=self.urls.source,
                Entries=[
                    {
                        "Id": str(place),
                        "ReceiptHandle": message.receipt,
                        "VisibilityTimeout": seconds,
                    }
                    for place, message in enumerate(chunk)
                ],
            )
        worked = {entry["Id"] for entry in answer.get("Successful", ())}
        return [message for place, message in enumerate(chunk) if str(place) not in worked]

    def hide(self, message: Received, hidden_for: timedelta) -> None:
        """For 11 hours at most: SQS refuses more than 12 hours counted from the receipt.

        A message that is visible already, somebody else's or gone: nothing is left to do.
        """
        with translated("changing the visibility of a message"):
            try:
                self.clients.settle.change_message_visibility(
                    QueueUrl=self.urls.source,
                    ReceiptHandle=message.receipt,
                    VisibilityTimeout=whole_seconds(hidden_for, _LONGEST_FROM_NOW),
                )
            except ClientError as error:
                if not is_no_longer_ours(error):
                    raise

    def delete(self, message: Received) -> None:
        with translated("deleting a message"):
            self.clients.settle.delete_message(
                QueueUrl=self.urls.source, ReceiptHandle=message.receipt
            )

    def delete_all(self, messages: tuple[Received, ...]) -> tuple[Received, ...]:
        """SQS answers 200 whether or not it worked: `Successful` says of which."""
        if not messages:
            return ()
        with translated("deleting messages"):
            answer = self.clients.settle.delete_message_batch(
                QueueUrl=self.urls.source,
                Entries=[
                    {"Id": str(place), "ReceiptHandle": message.receipt}
                    for place, message in enumerate(messages)
                ],
            )
        worked = {entry["Id"] for entry in answer.get("Successful", ())}
        return tuple(m for place, m in enumerate(messages) if str(place) not in worked)

    def send_again(self, message: Received, after: timedelta, now: datetime) -> None:
        """The copy says in two attributes whose copy it is and when it is due."""
        ours = {ORIGINAL_ID: message.identity, DUE_AT: instant(now + after)}
        attributes = strings(again(message.body, ours, message.attributes))
        delay = whole_seconds(after, LONGEST_DELAY)
        envelope = Envelope(message.body, message.group, attributes, delay)
        send(self.clients.send, self.urls.source, envelope)

    def dead_letter(self, message: Received, reason: Reason, error: str, now: datetime) -> None:
        """The sender's own attributes go along, five of them at most.

        Raises `Permanent` if the body alone is too large for a queue.
        """
        ours = {
            "reason": reason.value,
            "error": one_line(error),
            "failedAt": instant(now),
            "sourceMessageId": message.message_id,
            "receiveCount": str(message.receive_count),
        }
        attributes = fitting(message.body, ours, message.attributes)
        envelope = Envelope(message.body, message.group, strings(attributes))
        send(self.clients.send, self.urls.dlq, envelope)

    def depths(self) -> dict[str, QueueDepth]:
        return {"source": self._depth(self.urls.source), "dlq": self._depth(self.urls.dlq)}

    def _depth(self, url: str) -> QueueDepth:
        with translated("reading the depth of a queue"):
            answer = self.clients.settle.get_queue_attributes(
                QueueUrl=url, AttributeNames=[_VISIBLE, _IN_FLIGHT, _DELAYED]
            )
        found = answer.get("Attributes", {})
        return QueueDepth(
            visible=int(found.get(_VISIBLE, 0)),
            in_flight=int(found.get(_IN_FLIGHT, 0)),
            delayed=int(found.get(_DELAYED, 0)),
        )
