"""The checkpoint: one per user and sync type, the only place where a run's state lives."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.caveats import Caveat
from domain.comparisons import Comparison
from domain.failures import Failure, LastError
from domain.messages import Continuation, RunKey
from domain.orders import StoreReport

REMEMBERED_REQUESTS = 10
"""How many earlier requests a checkpoint remembers, so that their copies start nothing."""


class RunStatus(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class SourceName(StrEnum):
    """The API that orders are read through."""

    GRAPHQL = "graphql"
    REST = "rest"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class LeaseMark:
    """Who is working on the checkpoint's page, and until when nobody else may."""

    owner: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Chain:
    """Which messages carry the run.

    `chain_id` is the fencing token. `request_id` names the request that carries the chain at
    `request_page`, until the first continuation is published. `published_page` is the page for
    which a message is known to be published.
    """

    chain_id: str
    request_id: str
    request_page: int
    published_page: int
    earlier_requests: tuple[str, ...] = ()

    def carried_by(self, request_id: str, chain_id: str, page: int) -> Chain:
        """A new chain from the page on, carried by that request."""
        earlier = tuple(r for r in (*self.earlier_requests, self.request_id) if r != request_id)
        return Chain(chain_id, request_id, page, page, earlier[-REMEMBERED_REQUESTS:])


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of a run; they change only when a page is advanced, so each page counts once."""

    saved: int = 0
    failed: int = 0
    failed_pages: int = 0
    expected: int | None = None

    def plus(self, report: StoreReport, expected: int | None) -> Totals:
        return Totals(
            saved=self.saved + report.saved,
            failed=self.failed + report.failed_orders,
            failed_pages=self.failed_pages + bool(report.failed),
            expected=self.expected if expected is None else expected,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A run between two messages. `page` is the next page to fetch, from 1."""

    key: RunKey
    run_id: str
    chain: Chain
    started_at: datetime
    updated_at: datetime
    due_at: datetime
    source: SourceName
    status: RunStatus = RunStatus.RUNNING
    page: int = 1
    cursor: str | None = None
    totals: Totals = field(default_factory=Totals)
    since: datetime | None = None
    """The start of the run's window: orders updated at or after it; None means all orders."""
    tail_until: datetime | None = None
    """Set when paging has caught up with the run's start: what is updated after it is left to the
    next sync, so that a busy shop's run ends."""
    page_size: int | None = None
    """A smaller page than the configured one, once a page was too large."""
    shop: str | None = None
    attempts: int = 0
    """Failed attempts at `page`."""
    takeovers: int = 0
    """How often a watchdog has taken the run up at `page`."""
    lease: LeaseMark | None = None
    last_error: LastError | None = None
    last_error_at: datetime | None = None
    completed_at: datetime | None = None
    waiting_for: str | None = None
    """What the source is preparing, in words, until the page is there."""
    caveats: tuple[Caveat, ...] = ()
    """What the run's result lacks or what else a person should know of it; each kind once."""
    comparison: Comparison | None = None
    """What was handed over beside Shopify's own count, once the run has come to its end."""
    as_of: datetime | None = None
    """Where that is before `started_at`: when the run began by Shopify's clock. Ours is ahead."""
    revision: str = ""
    """Names the write that made this state; the store sets it."""

    def leased(self, now: datetime) -> bool:
        return self.lease is not None and self.lease.until > now

    def stalled(self, now: datetime, grace: timedelta) -> bool:
        """Past its due time by more than the grace, with nobody at work on it."""
        return (
            self.status is RunStatus.RUNNING and not self.leased(now) and self.due_at + grace < now
        )

    @property
    def whole_until(self) -> datetime:
        """What was updated before, the run reads all of, but for what Shopify's index shows late.

        Times of orders are Shopify's: a start by a clock that is ahead would promise too much.
        """
        return self.started_at if self.as_of is None else self.as_of

    @property
    def continuation(self) -> Continuation:
        """The message that carries this run on."""
        return Continuation(self.key, self.chain.chain_id, self.page)


@dataclass(frozen=True, slots=True)
class Watermark:
    """All of the shop's orders updated up to `through` were stored by completed runs."""

    through: datetime
    since: datetime | None
    """The start of the window that was read: a mark before it would leave a gap and stays."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is there when a request comes."""

    run: Checkpoint | None = None
    watermark: datetime | None = None
    """Up to when all of the user's orders are known to be stored."""
    purged: bool = False
    """Whether a mark of the user's purge stands: then nothing may be begun."""


def failed_attempt(held: Checkpoint, error: LastError, now: datetime, due: datetime) -> Checkpoint:
    """The page is given up for now; one more attempt at it counts as failed."""
    return replace(
        put_off(held, now, due),
        attempts=held.attempts + 1,
        waiting_for=None,
        last_error=error,
        last_error_at=now,
    )


def hindered(held: Checkpoint, failure: Failure, now: datetime) -> Checkpoint:
    """The page cannot be worked on now: a person reads why, and no attempt counts as failed."""
    return replace(held, last_error=LastError(failure.reason, failure.message), last_error_at=now)


def put_off(held: Checkpoint, now: datetime, due: datetime) -> Checkpoint:
    """The page is left for later without counting as a failed attempt."""
    return replace(held, lease=None, updated_at=now, due_at=due)


def failed(held: Checkpoint, error: LastError, now: datetime) -> Checkpoint:
    """The run stops here until somebody asks for it again."""
    return replace(failed_attempt(held, error, now, now), status=RunStatus.FAILED, completed_at=now)
