"""What SQS takes as delays, group ids and message attributes."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

LARGEST_MESSAGE = 1_048_576
"""Bytes of body and attributes together (Amazon SQS message quotas)."""
MOST_ATTRIBUTES = 10
LONGEST_ERROR = 512
LONGEST_DELAY = 900
LONGEST_HIDING = 43_200
ORIGINAL_ID = "originalMessageId"
DUE_AT = "dueAt"
"""What a copy carries that the daemon has sent in place of a message: whose, and for when."""
OURS = ("reason", "error", "failedAt", "sourceMessageId", "receiveCount")
"""The attributes that a dead-lettered message carries besides the sender's own."""

_STRING = "String"
_GROUP_ID = re.compile(r"[!-~]{1,128}")
_REFUSED = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Control characters, and what SQS refuses in a text (API reference, SendMessage)."""


def whole_seconds(duration: timedelta, longest: int) -> int:
    """Seconds, rounded up, from 0 to `longest`."""
    return min(max(math.ceil(duration.total_seconds()), 0), longest)


def group_id(user_id: str) -> str:
    """The user as a message group, so that fair queues tell users apart.

    SQS takes 1-128 ASCII letters, digits and punctuation; any other id becomes its SHA-256.
    """
    if _GROUP_ID.fullmatch(user_id):
        return user_id
    return hashlib.sha256(user_id.encode()).hexdigest()


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def one_line(text: str) -> str:
    """The text without control characters and what SQS refuses, at most 512 characters."""
    return _REFUSED.sub(" ", text).strip()[:LONGEST_ERROR].rstrip()


def strings(pairs: Iterable[tuple[str, str]]) -> dict[str, MessageAttributeValueTypeDef]:
    return {name: {"DataType": _STRING, "StringValue": value} for name, value in pairs}


def fitting(
    body: str, ours: Mapping[str, str], sender: Iterable[tuple[str, str]] = ()
) -> tuple[tuple[str, str], ...]:
    """Those of our attributes (an empty one is none) and the sender's that fit beside the body.

    Where room is short the error is shortened first and the reason goes last. SQS counts the bytes
    of names, types and values, and takes ten attributes.
    """
    order = ("reason", "receiveCount", "sourceMessageId", "failedAt")
    wanted = [(name, ours[name]) for name in order if ours.get(name)]
    others = [pair for pair in sender if pair[0] not in OURS]
    room = LARGEST_MESSAGE - len(body.encode())
    found: list[tuple[str, str]] = []
    for name, value in (*wanted, *others[: MOST_ATTRIBUTES - len(OURS)]):
        if (size := _size(name, value)) <= room:
            found.append((name, value))
            room -= size
    error = _shortened(ours.get("error", ""), room - _size("error", ""))
    return (*found, ("error", error)) if error else tuple(found)


def again(
    body: str, ours: Mapping[str, str], sender: Iterable[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    """Our attributes of a copy, then as many of the sender's as fit beside them and the body."""
    others = [pair for pair in sender if pair[0] not in ours]
    room = LARGEST_MESSAGE - len(body.encode())
    found: list[tuple[str, str]] = []
    for name, value in (*ours.items(), *others)[:MOST_ATTRIBUTES]:
        if (size := _size(name, value)) <= room:
            found.append((name, value))
            room -= size
    return tuple(found)


def instant_in(text: str | None) -> datetime | None:
    """The instant that `instant` wrote; None for anything else, since anybody may send it."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _size(name: str, value: str) -> int:
    return len(f"{name}{_STRING}{value}".encode())


def _shortened(text: str, room: int) -> str:
    return text.encode()[: max(room, 0)].decode(errors="ignore").rstrip()
