"""What happened: facts that metrics and logs are made of. No secret, no customer data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

from domain.breakers import Dependency
from domain.caveats import Caveat
from domain.checkpoints import SourceName
from domain.comparisons import Comparison
from domain.failures import Reason
from domain.messages import RunKey


class RunEvent(StrEnum):
    STARTED = "started"
    RESUMED = "resumed"
    COALESCED = "coalesced"
    COMPLETED = "completed"
    FAILED = "failed"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class RunChanged:
    """Something happened to a run as a whole; `lasted` is set when it completed."""

    key: RunKey
    run_id: str
    event: RunEvent
    lasted: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStored:
    """A page was fetched, stored and advanced: it counts, exactly once."""

    key: RunKey
    run_id: str
    page: int
    source: SourceName
    saved: int
    failed: tuple[str, ...]
    """The kind of failure of each order that could not be stored."""
    fetch: timedelta
    store: timedelta
    total: timedelta


@dataclass(frozen=True, slots=True)
class RunWarned:
    """A run has a caveat of a kind that it did not have before: once for each kind and run."""

    key: RunKey
    run_id: str
    caveat: Caveat


@dataclass(frozen=True, slots=True)
class RunCompared:
    """A run that completes has put what it was handed beside Shopify's count."""

    key: RunKey
    run_id: str
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """A page could not be worked on; `attempt` counts from 1 at each page."""

    key: RunKey
    run_id: str
    page: int
    attempt: int
    reason: Reason
    error: str


@dataclass(frozen=True, slots=True)
class BatchKept:
    """Orders that could not be stored were kept, and a message to retry them dead-lettered."""

    key: RunKey
    run_id: str
    page: int
    batch_id: str
    error: str


@dataclass(frozen=True, slots=True)
class BatchRetried:
    """A failed batch was tried again: so many of its orders are stored now, these are not."""

    key: RunKey
    saved: int
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retried:
    """A call to `target` (shopify, dynamodb, sqs) failed and is tried again."""

    target: str
    reason: str


@dataclass(frozen=True, slots=True)
class WaitedForRateLimit:
    """The source asked for a wait, sat out here or (`in_queue`) in the queue."""

    source: SourceName
    wait: timedelta
    in_queue: bool


@dataclass(frozen=True, slots=True)
class PageMadeSmaller:
    """A page was too large for the source: from now on the run asks for fewer orders."""

    key: RunKey
    run_id: str
    size: int
    why: str


@dataclass(frozen=True, slots=True)
class Reported:
    """Something a person should know that stops nothing, such as another API version."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class ErasureDone:
    """Everything of a user was removed, or one customer taken out of a user's orders.

    `what` is user or customer; no id: who asked to be forgotten is in no log.
    """

    what: str


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A stalled run was taken up by the watchdog."""

    key: RunKey
    run_id: str
    page: int
    overdue: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSettled:
    """A delivery has ended, in exactly one way.

    `outcome` is done, stale, duplicate, busy, retried or dead-lettered; or it went back and counts
    as nothing: released (the process stops), away, crowded, held-back, early, preparing. `reason`
    and `error` say why a message was dead-lettered; what a message asks for is None where nobody
    could read it.
    """

    message_type: str
    outcome: str
    message_id: str
    receive_count: int
    duration: timedelta
    """From the start of the work on it until it was settled."""
    dwell: timedelta
    """From when it was sent, its delay included, until the start of the work on it."""
    reason: str | None = None
    user_id: str | None = None
    sync_type: str | None = None
    page: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ReceiveFailed:
    """The queue could not be asked for messages; it is asked again after a wait.

    `reason` is a kind of fault out of a closed set, `text` a sentence for people.
    """

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class BreakerChanged:
    """A dependency is away (`is_open`), or answers again; `error` is what was met last."""

    dependency: Dependency
    is_open: bool
    error: str


@dataclass(frozen=True, slots=True)
class DeadLettersHeldBack:
    """Too many messages were dead-lettered (`reached`): they go back instead, until it calms."""

    reached: bool


@dataclass(frozen=True, slots=True)
class Extended:
    """The heartbeat has gone round: so many holds on messages or pages worked, so many did not."""

    what: str
    worked: int
    failed: int


@dataclass(frozen=True, slots=True)
class HoldLost:
    """A message or a page in hand is not ours any more, or was held for as long as may be."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class LoopSpent:
    """What the consumer loop has spent its time with: waiting, blocked, failing or working."""

    state: str
    took: timedelta


class ShopEvent(StrEnum):
    REFRESHED = "refreshed"
    REFRESH_FAILED = "refresh-failed"
    REAUTH_REQUIRED = "reauth-required"
    UNAVAILABLE = "unavailable"
    AVAILABLE = "available"
    REJECTED = "rejected"
    """Shopify's security rejected a request."""
    CLIENT_MISCONFIGURED = "client-misconfigured"
    """The app's own credentials are missing or not accepted."""


@dataclass(frozen=True, slots=True)
class ShopChanged:
    """Something happened to a user's shop or its credentials; `why` is for people."""

    user_id: str
    shop: str
    event: ShopEvent
    why: str = ""


Occurrence: TypeAlias = (
    RunChanged
    | PageStored
    | RunWarned
    | RunCompared
    | AttemptFailed
    | BatchKept
    | BatchRetried
    | Retried
    | WaitedForRateLimit
    | PageMadeSmaller
    | Reported
    | ErasureDone
    | TakenUp
    | MessageSettled
    | ReceiveFailed
    | BreakerChanged
    | DeadLettersHeldBack
    | Extended
    | HoldLost
    | LoopSpent
    | ShopChanged
)
