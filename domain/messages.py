"""What messages ask for, in the domain's words; the wire format is an entrypoint's matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

PROBE = "probe:"
"""What the id of a request begins with that looks whether a shop is back."""


class SyncType(StrEnum):
    INITIAL = "initial"
    MANUAL = "manual"
    DAILY = "daily"


@dataclass(frozen=True, slots=True, order=True)
class RunKey:
    """At most one run goes on for each user and sync type."""

    user_id: str
    sync_type: SyncType


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """Ask for a sync; `request_id` makes it idempotent."""

    key: RunKey
    request_id: str
    restart: bool = False
    updated_since: datetime | None = None

    @property
    def user_id(self) -> str:
        return self.key.user_id


@dataclass(frozen=True, slots=True)
class Continuation:
    """Carry the chain on at this page; the cursor is in the checkpoint, never in a message."""

    key: RunKey
    chain_id: str
    page: int

    @property
    def user_id(self) -> str:
        return self.key.user_id


@dataclass(frozen=True, slots=True)
class RetryBatch:
    """Try the orders of one failed batch again, or those of all of them without a `batch_id`."""

    key: RunKey
    batch_id: str | None = None

    @property
    def user_id(self) -> str:
        return self.key.user_id


@dataclass(frozen=True, slots=True)
class PurgeRequest:
    """Remove everything of a user; copies of it erase nothing once the user is back."""

    user_id: str
    request_id: str


@dataclass(frozen=True, slots=True)
class RedactRequest:
    """Take a customer out of a user's orders, and out of these whether or not they name one."""

    user_id: str
    customer_id: str
    order_ids: tuple[str, ...] = ()


Message: TypeAlias = SyncRequest | Continuation | RetryBatch | PurgeRequest | RedactRequest


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a message: the same message may be delivered again, or twice at once."""

    message: Message
    receive_count: int
