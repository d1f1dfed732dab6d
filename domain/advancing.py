"""From one page to the next: how a checkpoint advances, and when a run is complete."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.caveats import Caveat, CaveatKind, merged
from domain.checkpoints import Checkpoint, RunStatus, Watermark
from domain.comparisons import Comparison, Verdict
from domain.orders import LARGEST_COST, OrderPage, StoreReport, Window
from domain.policy import RunPolicy

SMALLEST_TIMED_OUT_PAGE = 10
"""Below this a page that times out is not too large: something else is wrong."""
GROWS_EVERY = 8
"""A run whose page was made smaller tries a larger one at every eighth page that went well."""
GROWTH = 1.5
QUICK = timedelta(seconds=5)
"""Of a page that took no longer one half as large again is well below the 10 s after which Shopify
gives up (shopify.dev/docs/api/usage/response-codes)."""

TOLD_TO = timedelta(seconds=1)
"""How exactly a source tells its time."""


@dataclass(frozen=True, slots=True)
class PageResult:
    """A page that was fetched and stored."""

    shop: str
    page: OrderPage
    report: StoreReport
    comparison: Comparison | None = None
    """Of the run's last page."""
    caveats: tuple[Caveat, ...] = ()
    """Beside those of the page itself."""
    fetched_in: timedelta = timedelta(0)


def advanced(held: Checkpoint, result: PageResult, now: datetime, policy: RunPolicy) -> Checkpoint:
    """The checkpoint after this page: at the next one, or completed."""
    page = result.page
    held = replace(held, as_of=as_of(held, page))
    tail = _tail(held, page, now)
    done = is_last(held, page)
    delay = policy.page_delays[held.key.sync_type]
    return replace(
        held,
        page=held.page + 1,
        cursor=None if done else page.next_cursor,
        totals=held.totals.plus(result.report, page.expected),
        tail_until=tail,
        page_size=_next_size(held, result, policy),
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
        caveats=merged(held.caveats, (*page.caveats, *result.caveats)),
        comparison=result.comparison,
    )


def as_of(held: Checkpoint, page: OrderPage) -> datetime | None:
    """When the run began by Shopify's clock, if ours is ahead of it: its first page tells."""
    if held.page != 1 or page.as_of is None:
        return held.as_of
    return page.as_of if page.as_of + TOLD_TO < held.started_at else None


def is_last(held: Checkpoint, page: OrderPage) -> bool:
    """Whether the run that is at this page has come to its end with it."""
    return page.next_cursor is None or _past(held.tail_until, page)


def watermark_after(run: Checkpoint, overlap: timedelta) -> Watermark | None:
    """The mark that a completed run moves; None while it runs, and where orders are missing.

    Shopify's search index lags behind its writes by seconds, so the mark stays an overlap behind
    the run's start, by our clock or Shopify's, whichever is earlier. Orders that Shopify counts and
    did not hand over would be behind it for good, unless they are those that it keeps from the app.
    """
    if run.status is not RunStatus.COMPLETED or _lacks_orders(run):
        return None
    return Watermark(through=run.whole_until - overlap, since=run.since)


def window_settled_before(run: Checkpoint, overlap: timedelta) -> Window | None:
    """The part of the run's window up to the mark that the run would move; None if it is empty."""
    until = run.whole_until - overlap
    if run.since is not None and run.since >= until:
        return None
    return Window(run.since, until)


def _lacks_orders(run: Checkpoint) -> bool:
    kept_from_the_app = any(each.kind is CaveatKind.SIXTY_DAYS_ONLY for each in run.caveats)
    missing = run.comparison is not None and run.comparison.verdict is Verdict.MISSING
    return missing and not kept_from_the_app


def smaller(size: int, cost: float | None = None, limit: float = LARGEST_COST) -> int:
    """The page size to try after one of `size` orders was refused; at least 1."""
    fitting = size // 2 if cost is None else min(size // 2, int(size * limit / cost))
    return max(1, fitting)


def after_time_out(size: int) -> int:
    """The page size to try after one of `size` orders timed out."""
    return min(size, max(size // 2, SMALLEST_TIMED_OUT_PAGE))


def _next_size(held: Checkpoint, result: PageResult, policy: RunPolicy) -> int | None:
    """A smaller page after one that costs too much; now and then a larger one; None: as set."""
    page, size = result.page, held.page_size or policy.page_size
    if page.cost is not None and page.cost > page.cost_limit:
        return smaller(size, page.cost, page.cost_limit)
    if held.page_size is not None and _may_grow(held, result):
        size = max(int(size * GROWTH), size + 1)
    return size if size < policy.page_size else None


def _may_grow(held: Checkpoint, result: PageResult) -> bool:
    """A cost grows more slowly than its page: half as large again costs at most half as much."""
    cost, limit = result.page.cost, result.page.cost_limit
    affordable = cost is None or cost * GROWTH <= limit
    went_well = held.last_error is None and result.fetched_in <= QUICK
    return held.page % GROWS_EVERY == 0 and went_well and affordable


def _tail(held: Checkpoint, page: OrderPage, now: datetime) -> datetime | None:
    """Orders that change while a run goes on move to its end; the run follows them this far.

    Where pages do not ascend nothing moves, and a late update says nothing of what is left.
    """
    if held.tail_until is not None or not page.ascending:
        return held.tail_until
    oldest = _oldest(page)
    if oldest is None or oldest < held.whole_until:
        return None
    return max(now, *(order.updated_at for order in page.orders))


def _past(tail: datetime | None, page: OrderPage) -> bool:
    oldest = _oldest(page)
    return tail is not None and page.ascending and oldest is not None and oldest > tail


def _oldest(page: OrderPage) -> datetime | None:
    """How far the page has come for sure.

    Shopify finds orders by an index that lags: one that changed just now stands where it stood,
    with its new time, and says nothing of those around it.
    """
    return min((order.updated_at for order in page.orders), default=None)
