"""One SendMessage: a single attempt, so that a lost answer never sends twice by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adapters.aws_failures import translated
from adapters.sqs_attributes import LARGEST_MESSAGE
from domain.failures import Permanent, Reason

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef, SendMessageRequestTypeDef


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is sent, and after how many whole seconds it is visible."""

    body: str = field(repr=False)
    group: str | None = None
    attributes: Mapping[str, MessageAttributeValueTypeDef] = field(default_factory=dict)
    delay: int = 0


def send(client: SQSClient, url: str, envelope: Envelope) -> str:
    """The new message's id.

    Raises `Transient` if the message may or may not have been sent, `Permanent` if refused.
    """
    if len(envelope.body.encode()) > LARGEST_MESSAGE:
        raise Permanent(Reason.DATABASE_ERROR, "sending a message: the body is too large for SQS")
    request: SendMessageRequestTypeDef = {
        "QueueUrl": url,
        "MessageBody": envelope.body,
        "DelaySeconds": envelope.delay,
    }
    if envelope.group is not None:
        request["MessageGroupId"] = envelope.group
    if envelope.attributes:
        request["MessageAttributes"] = dict(envelope.attributes)
    with translated("sending a message"):
        return client.send_message(**request)["MessageId"]
