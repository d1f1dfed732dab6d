"""A dead-lettered message as a person sees it, and which of them somebody wants to see."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from adapters.sqs_attributes import OURS
from adapters.sqs_receiving import received
from domain.deliveries import Received

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef, MessageTypeDef

UNKNOWN = "unknown"
"""The reason of a message that SQS itself moved, or that somebody sent here without one."""
_HELD = ("DataType", "StringValue", "BinaryValue")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message in the dead-letter queue; who and what it is about as far as its body tells."""

    received: Received
    own: Mapping[str, MessageAttributeValueTypeDef] = field(repr=False)
    """The attributes that its sender gave it, of whatever type."""
    reason: str
    error: str
    failed_at: str | None
    """ISO 8601; None for a message that SQS itself moved."""
    source_message_id: str | None
    receive_count: int
    """Of the message on the source queue, else on this queue."""
    message_type: str | None
    user_id: str | None
    sync_type: str | None

    @property
    def message_id(self) -> str:
        return self.received.message_id

    @property
    def sent_at(self) -> datetime:
        return self.received.sent_at

    @property
    def body(self) -> str:
        return self.received.body


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages, and how many of them at most; None means any."""

    reason: str | None = None
    user_id: str | None = None
    limit: int | None = None

    @property
    def is_any(self) -> bool:
        """Whether every message is wanted."""
        return self.reason is None and self.user_id is None

    def takes(self, letter: DeadLetter) -> bool:
        return self.reason in {None, letter.reason} and self.user_id in {None, letter.user_id}


def dead_letter(message: MessageTypeDef) -> DeadLetter:
    """Where SQS itself moved the message, all of its attributes are its sender's."""
    taken = received(message)
    moved_by_sqs = "DeadLetterQueueSourceArn" in message.get("Attributes", {})
    ours = {} if moved_by_sqs else dict(taken.attributes)
    body = _members(taken.body)
    count = ours.get("receiveCount", "")
    return DeadLetter(
        received=taken,
        own=_own(message, () if moved_by_sqs else OURS),
        reason=ours.get("reason", UNKNOWN),
        error=ours.get("error", ""),
        failed_at=ours.get("failedAt"),
        source_message_id=ours.get("sourceMessageId"),
        receive_count=int(count) if count.isdecimal() else taken.receive_count,
        message_type=_text(body, "type"),
        user_id=_text(body, "userId"),
        sync_type=_text(body, "syncType"),
    )


def _own(
    message: MessageTypeDef, without: tuple[str, ...]
) -> dict[str, MessageAttributeValueTypeDef]:
    """As SendMessage takes them: an answer may hold more members than a request may."""
    held: Any = message.get("MessageAttributes", {})
    return {
        name: {member: value[member] for member in _HELD if member in value}  # type: ignore[misc] # DataType is there
        for name, value in held.items()
        if name not in without
    }


def _members(body: str) -> dict[str, Any]:
    """What can be read of a body that may be anything."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) else None
