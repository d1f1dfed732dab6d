"""One ReceiveMessage, and what SQS calls a message as ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from adapters.sqs_attributes import (
    DUE_AT,
    LONGEST_HIDING,
    ORIGINAL_ID,
    instant_in,
    whole_seconds,
)
from domain.deliveries import Received

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef, ReceiveMessageRequestTypeDef

BATCH = 10
"""The most messages of one call, whichever (Amazon SQS quotas)."""
_LONGEST_POLL = 20


def receive(
    client: SQSClient, url: str, limit: int, wait: timedelta, hidden_for: timedelta | None = None
) -> tuple[Received, ...]:
    """Messages, hidden for that long (None: as long as the queue says). botocore's exceptions.

    `wait` counts in whole seconds, 20 at most; from 1 on SQS asks all of its servers.
    """
    # Fresh lists for each call: instrumentation has been seen to extend the caller's.
    request: ReceiveMessageRequestTypeDef = {
        "QueueUrl": url,
        "MaxNumberOfMessages": limit,
        "WaitTimeSeconds": min(int(wait.total_seconds()), _LONGEST_POLL),
        "MessageSystemAttributeNames": [
            "ApproximateReceiveCount",
            "SentTimestamp",
            "MessageGroupId",
        ],
        "MessageAttributeNames": ["All"],
    }
    if hidden_for is not None:
        request["VisibilityTimeout"] = whole_seconds(hidden_for, LONGEST_HIDING)
    answer = client.receive_message(**request)
    return tuple(received(message) for message in answer.get("Messages", ()))


def received(message: MessageTypeDef) -> Received:
    """SQS's message as ours; attributes that hold no text are left out."""
    system = message.get("Attributes", {})
    attributes = {
        name: value["StringValue"]
        for name, value in message.get("MessageAttributes", {}).items()
        if "StringValue" in value
    }
    return Received(
        message_id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        body=message["Body"],
        receive_count=int(system["ApproximateReceiveCount"]),
        sent_at=datetime.fromtimestamp(int(system["SentTimestamp"]) / 1000, UTC),
        group=system.get("MessageGroupId"),
        attributes=tuple(attributes.items()),
        original_id=attributes.get(ORIGINAL_ID),
        due_at=instant_in(attributes.get(DUE_AT)),
    )
