"""From one page to the next: totals, due times, the tail, the watermark, page sizes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.advancing import PageResult, advanced, after_time_out, smaller, watermark_after
from domain.checkpoints import RunStatus, Watermark
from domain.failures import LastError, Reason
from domain.orders import FailedOrder, OrderFailure, OrderPage, StoreReport
from tests.builders import NOW, SHOP, a_lease, a_page, a_policy, a_run, an_order, orders

LATER = NOW + timedelta(hours=1)
HOUR = timedelta(hours=1)
TOO_LARGE = FailedOrder("1", OrderFailure.TOO_LARGE, "the item has 401 KB")


def stored(page: OrderPage, saved: int = 0, *failed: FailedOrder) -> PageResult:
    return PageResult(SHOP, page, StoreReport(saved, (failed,) if failed else ()))


class TestAnAdvancedCheckpoint:
    def test_is_at_the_next_page_and_due_after_the_delay(self) -> None:
        page = a_page(*orders(2), next_cursor="c", expected=9)
        run = advanced(a_run(lease=a_lease(), attempts=2), stored(page, 2), LATER, a_policy())
        assert (run.status, run.page, run.cursor, run.shop) == (RunStatus.RUNNING, 2, "c", SHOP)
        assert run.due_at == LATER + timedelta(seconds=120)
        assert (run.lease, run.attempts) == (None, 0)
        assert (run.totals.saved, run.totals.expected) == (2, 9)

    def test_counts_failed_orders_and_their_page(self) -> None:
        page = a_page(*orders(3), next_cursor="c")
        run = advanced(a_run(), stored(page, 2, TOO_LARGE), LATER, a_policy())
        run = advanced(run, stored(page, 3), LATER, a_policy())
        assert (run.totals.saved, run.totals.failed, run.totals.failed_pages) == (5, 1, 1)

    def test_is_complete_after_the_last_page(self) -> None:
        run = advanced(a_run(), stored(a_page(*orders(1)), 1), LATER, a_policy())
        assert (run.status, run.completed_at, run.due_at) == (RunStatus.COMPLETED, LATER, LATER)

    def test_is_complete_after_no_orders_at_all(self) -> None:
        run = advanced(a_run(), stored(a_page(expected=0)), LATER, a_policy())
        assert run.status is RunStatus.COMPLETED
        assert run.totals.expected == 0

    def test_is_due_when_the_shop_is_ready_where_the_pace_is_adaptive(self) -> None:
        policy = a_policy(page_delays=dict.fromkeys(a_policy().page_delays))
        page = a_page(*orders(1), next_cursor="c", ready_in=timedelta(seconds=7))
        assert advanced(a_run(), stored(page, 1), LATER, policy).due_at == LATER + timedelta(
            seconds=7
        )

    def test_asks_for_less_after_a_page_that_cost_too_much(self) -> None:
        page = a_page(*orders(1), next_cursor="c", cost=2000.0)
        run = advanced(a_run(), stored(page, 1), LATER, a_policy())
        assert run.page_size == 125
        page = a_page(*orders(1), next_cursor="c", cost=900.0)
        assert advanced(run, stored(page, 1), LATER, a_policy()).page_size == 125


class TestTheNextPagesSize:
    SHRUNK = 100

    def next_size(
        self, *, page: int = 8, took: float = 1.0, size: int = SHRUNK, **run_or_page: Any
    ) -> int | None:
        of_page = {k: run_or_page.pop(k) for k in ("cost", "cost_limit") if k in run_or_page}
        run = a_run(page=page, page_size=size, **run_or_page)
        fetched = PageResult(
            SHOP,
            a_page(*orders(1), next_cursor="c", **of_page),
            StoreReport(1),
            fetched_in=timedelta(seconds=took),
        )
        return advanced(run, fetched, LATER, a_policy()).page_size

    def test_grows_at_every_eighth_page_by_half(self) -> None:
        sizes = [self.next_size(page=page) for page in range(1, 18)]
        assert sizes == [150 if page % 8 == 0 else 100 for page in range(1, 18)]

    def test_grows_up_to_what_is_set(self) -> None:
        assert a_policy().page_size == 250
        assert self.next_size(size=180) is None
        assert self.next_size(size=1) == 2

    @pytest.mark.parametrize(("took", "size"), [(5.0, 150), (5.1, 100)])
    def test_stays_after_a_page_that_took_long(self, took: float, size: int) -> None:
        assert self.next_size(took=took) == size

    def test_stays_after_a_page_that_had_trouble(self) -> None:
        error = LastError(Reason.SHOPIFY_ERROR, "Shopify took too long (HTTP 504)")
        assert self.next_size(last_error=error) == self.SHRUNK

    @pytest.mark.parametrize(
        ("cost", "limit", "size"),
        [(666.0, 1000.0, 150), (667.0, 1000.0, 100), (400.0, 500.0, 100), (1001.0, 1000.0, 50)],
    )
    def test_keeps_its_cost_below_the_limit(self, cost: float, limit: float, size: int) -> None:
        assert self.next_size(cost=cost, cost_limit=limit) == size

    def test_is_what_is_set_once_more_is_remembered(self) -> None:
        """SYNC_PAGE_SIZE was lowered while the run went on."""
        assert self.next_size(size=260, page=1) is None


class TestTheTail:
    """Orders that change while a run goes on move to its end; a busy shop's run still ends."""

    def test_is_followed_up_to_when_the_run_caught_up_with_its_start(self) -> None:
        run = a_run(started_at=NOW)
        moved = an_order(1, NOW + timedelta(minutes=5))
        run = advanced(run, stored(a_page(moved, next_cursor="c"), 1), LATER, a_policy())
        assert (run.status, run.tail_until) == (RunStatus.RUNNING, LATER)
        within = an_order(2, LATER)
        run = advanced(run, stored(a_page(within, next_cursor="d"), 1), LATER + HOUR, a_policy())
        assert (run.status, run.tail_until) == (RunStatus.RUNNING, LATER)
        beyond = an_order(3, LATER + timedelta(seconds=1))
        run = advanced(run, stored(a_page(beyond, next_cursor="e"), 1), LATER + HOUR, a_policy())
        assert run.status is RunStatus.COMPLETED

    def test_is_not_begun_or_ended_by_an_order_that_an_index_shows_where_it_stood(self) -> None:
        run = a_run(started_at=NOW)
        old, changed = an_order(1, NOW - HOUR), an_order(2, LATER + HOUR)
        page = stored(a_page(old, changed, next_cursor="c"), 2)
        run = advanced(run, page, LATER, a_policy())
        assert run.tail_until is None
        run = advanced(replace(run, tail_until=LATER), page, LATER, a_policy())
        assert run.status is RunStatus.RUNNING

    def test_is_followed_from_the_runs_start_by_shopifys_clock(self) -> None:
        first = a_page(an_order(1, NOW - 9 * HOUR), next_cursor="c", as_of=NOW - HOUR)
        run = advanced(a_run(), stored(first, 1), LATER, a_policy())
        moved = a_page(an_order(2, NOW - HOUR), next_cursor="d")
        assert advanced(run, stored(moved, 1), LATER, a_policy()).tail_until == LATER

    def test_does_not_end_a_run_because_our_clock_is_behind_shopifys(self) -> None:
        ahead = an_order(1, LATER + timedelta(minutes=5))
        run = advanced(a_run(), stored(a_page(ahead, next_cursor="c"), 1), LATER, a_policy())
        assert run.tail_until == ahead.updated_at


class TestTheWatermark:
    def test_of_a_completed_run_is_an_overlap_behind_its_start(self) -> None:
        run = a_run(status=RunStatus.COMPLETED, since=NOW - HOUR)
        expected = Watermark(NOW - timedelta(minutes=15), NOW - HOUR)
        assert watermark_after(run, timedelta(minutes=15)) == expected

    def test_stays_while_the_run_goes_on(self) -> None:
        assert watermark_after(a_run(), timedelta(0)) is None

    @pytest.mark.parametrize(
        ("shopifys", "through"),
        [
            (None, NOW),
            (NOW + HOUR, NOW),
            (NOW, NOW),
            (NOW - timedelta(seconds=1), NOW),
            (NOW - timedelta(seconds=2), NOW - timedelta(seconds=2)),
            (NOW - HOUR, NOW - HOUR),
        ],
    )
    def test_is_by_the_clock_that_is_behind(
        self, shopifys: datetime | None, through: datetime
    ) -> None:
        """Shopify's says whole seconds, and what it says is cut."""
        run = advanced(a_run(), stored(a_page(as_of=shopifys)), LATER, a_policy())
        assert watermark_after(run, timedelta(0)) == Watermark(through, None)
        assert run.started_at == NOW

    def test_goes_by_the_first_page_of_the_run(self) -> None:
        first = a_page(*orders(1), next_cursor="c", as_of=NOW - HOUR)
        run = advanced(a_run(), stored(first, 1), LATER, a_policy())
        run = advanced(run, stored(a_page(as_of=NOW - 9 * HOUR)), LATER, a_policy())
        assert watermark_after(run, timedelta(0)) == Watermark(NOW - HOUR, None)

    def test_of_a_run_whose_first_page_came_late_is_behind_its_start_all_the_same(self) -> None:
        """Our clock is an hour ahead, and the first page came after two."""
        run = advanced(a_run(), stored(a_page(as_of=NOW + HOUR)), NOW + 2 * HOUR, a_policy())
        assert watermark_after(run, timedelta(0)) == Watermark(NOW, None)


class TestASmallerPage:
    @pytest.mark.parametrize(
        ("size", "cost", "fitting"),
        [(250, None, 125), (250, 1001.0, 125), (250, 5000.0, 50), (1, None, 1), (3, 1e9, 1)],
    )
    def test_is_half_or_what_the_cost_leaves_room_for(
        self, size: int, cost: float | None, fitting: int
    ) -> None:
        assert smaller(size, cost) == fitting

    @pytest.mark.parametrize(("size", "next_size"), [(250, 125), (15, 10), (10, 10), (3, 3)])
    def test_after_a_time_out_is_no_smaller_than_ten(self, size: int, next_size: int) -> None:
        assert after_time_out(size) == next_size
