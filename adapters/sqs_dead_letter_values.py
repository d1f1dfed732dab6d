"""A dead-lettered message as a person sees it, and which of them somebody wants to see."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.deliveries import Received

UNKNOWN = "unknown"
"""The reason of a message that SQS itself moved, or that somebody sent here without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message in the dead-letter queue; who and what it is about as far as its body tells."""

    received: Received
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

    def takes(self, letter: DeadLetter) -> bool:
        return self.reason in {None, letter.reason} and self.user_id in {None, letter.user_id}


def dead_letter(received: Received) -> DeadLetter:
    attributes = dict(received.attributes)
    body = _members(received.body)
    count = attributes.get("receiveCount", "")
    return DeadLetter(
        received=received,
        reason=attributes.get("reason", UNKNOWN),
        error=attributes.get("error", ""),
        failed_at=attributes.get("failedAt"),
        source_message_id=attributes.get("sourceMessageId"),
        receive_count=int(count) if count.isdecimal() else received.receive_count,
        message_type=_text(body, "type"),
        user_id=_text(body, "userId"),
        sync_type=_text(body, "syncType"),
    )


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
