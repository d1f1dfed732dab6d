"""From one page to the next: how a checkpoint advances, and when a run is complete."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.checkpoints import Checkpoint, RunStatus, Watermark
from domain.orders import OrderPage, StoreReport
from domain.policy import RunPolicy

LARGEST_COST = 1000.0
"""Points that Shopify lets one query cost, on every plan (its usage documentation)."""
SMALLEST_TIMED_OUT_PAGE = 10
"""Below this a page that times out is not too large: something else is wrong."""


@dataclass(frozen=True, slots=True)
class PageResult:
    """A page that was fetched and stored."""

    shop: str
    page: OrderPage
    report: StoreReport


def advanced(held: Checkpoint, result: PageResult, now: datetime, policy: RunPolicy) -> Checkpoint:
    """The checkpoint after this page: at the next one, or completed."""
    page = result.page
    tail = _tail(held, page, now)
    done = page.next_cursor is None or _past(held.tail_until, page)
    delay = policy.page_delays[held.key.sync_type]
    return replace(
        held,
        page=held.page + 1,
        cursor=None if done else page.next_cursor,
        totals=held.totals.plus(result.report, page.expected),
        tail_until=tail,
        page_size=_affordable(held.page_size or policy.page_size, page.cost, held.page_size),
        shop=result.shop,
        status=RunStatus.COMPLETED if done else RunStatus.RUNNING,
        completed_at=now if done else None,
        due_at=now if done else now + (page.ready_in if delay is None else delay),
        updated_at=now,
        attempts=0,
        takeovers=0,
        lease=None,
        last_error=None,
        last_error_at=None,
        waiting_for=None,
    )


def watermark_after(run: Checkpoint, overlap: timedelta) -> Watermark | None:
    """The mark that a completed run moves; None while it runs.

    Shopify's search index lags behind its writes by seconds, so the mark stays an overlap behind
    the run's start.
    """
    if run.status is not RunStatus.COMPLETED:
        return None
    return Watermark(through=run.started_at - overlap, since=run.since)


def smaller(size: int, cost: float | None = None) -> int:
    """The page size to try after one of `size` orders was refused; at least 1."""
    fitting = size // 2 if cost is None else min(size // 2, int(size * LARGEST_COST / cost))
    return max(1, fitting)


def after_time_out(size: int) -> int:
    """The page size to try after one of `size` orders timed out."""
    return min(size, max(size // 2, SMALLEST_TIMED_OUT_PAGE))


def _affordable(size: int, cost: float | None, remembered: int | None) -> int | None:
    return smaller(size, cost) if cost is not None and cost > LARGEST_COST else remembered


def _tail(held: Checkpoint, page: OrderPage, now: datetime) -> datetime | None:
    """Orders that change while a run goes on move to its end; the run follows them this far.

    Where pages do not ascend nothing moves, and a late update says nothing of what is left.
    """
    if held.tail_until is not None or not page.orders or not page.ascending:
        return held.tail_until
    newest = page.orders[-1].updated_at
    return max(now, newest) if newest >= held.started_at else None


def _past(tail: datetime | None, page: OrderPage) -> bool:
    late = bool(page.orders) and page.ascending
    return tail is not None and late and page.orders[-1].updated_at > tail
