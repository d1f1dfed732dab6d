"""A run's end: what it was handed, beside what Shopify counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.caveats import Caveat, CaveatKind
from domain.checkpoints import RunStatus
from domain.comparisons import Comparison, Verdict
from domain.failures import Interrupted, Permanent, RateLimited, Reason, Transient, Unavailable
from domain.occurrences import RunCompared, RunWarned
from tests.builders import NOW, USER, a_request, an_order, orders
from tests.daemon import Daemon


def played(daemon: Daemon) -> Daemon:
    daemon.queue.publish(a_request(), timedelta(0))
    daemon.run_dry()
    return daemon


def kinds(daemon: Daemon) -> list[CaveatKind]:
    return [caveat.kind for caveat in daemon.run().caveats]


class TestAComparison:
    @pytest.mark.parametrize(
        ("numbers", "verdict", "difference"),
        [
            ((7, None, None), Verdict.UNKNOWN, 0),
            ((7, 7, None), Verdict.EQUAL, 0),
            ((7, 9, None), Verdict.UNKNOWN, 0),
            ((7, 9, 7), Verdict.EXPLAINED, 0),
            ((7, 9, 8), Verdict.MISSING, -1),
            ((11, 9, 7), Verdict.EXPLAINED, 0),
            ((12, 9, 7), Verdict.SURPLUS, 3),
            ((0, 0, 0), Verdict.EQUAL, 0),
            ((0, 2, 2), Verdict.MISSING, -2),
            ((7, 6, 9), Verdict.MISSING, -2),
        ],
    )
    def test_has_one_verdict(
        self, numbers: tuple[int, int | None, int | None], verdict: Verdict, difference: int
    ) -> None:
        comparison = Comparison(*numbers)
        assert (comparison.verdict, comparison.difference) == (verdict, difference)


class TestARunOfOnePage:
    def test_is_compared_by_the_page_itself(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.will_count(99)
        assert played(daemon).run().comparison == Comparison(3, 3, 3)
        assert kinds(daemon) == []

    def test_that_is_empty_is_compared_too(self) -> None:
        assert played(Daemon.of()).run().comparison == Comparison(0, 0, 0)


class TestARunOfMorePages:
    def test_is_compared_at_its_end(self) -> None:
        daemon = Daemon.of(orders(30), page_size=10)
        played(daemon)
        assert daemon.run().comparison == Comparison(30, 30)
        (compared,) = daemon.observer.of(RunCompared)
        assert compared.comparison.verdict is Verdict.EQUAL

    def test_is_not_disturbed_by_orders_that_change_meanwhile(self) -> None:
        daemon = Daemon.of(orders(30), page_size=10)

        def busy() -> None:
            for number in (1, 2, 31):
                daemon.source.put(an_order(number, daemon.clock.now()))

        daemon.while_fetching = busy
        comparison = played(daemon).run().comparison
        assert comparison is not None
        assert comparison.verdict in {Verdict.EQUAL, Verdict.EXPLAINED}
        assert kinds(daemon) == []

    def test_that_lacks_orders_says_so_and_leaves_the_mark(self) -> None:
        daemon = Daemon.of(orders(30), page_size=10)
        daemon.source.will_count(33, 32)
        run = played(daemon).run()
        assert run.status is RunStatus.COMPLETED
        assert run.comparison == Comparison(30, 33, 32)
        assert kinds(daemon) == [CaveatKind.COUNT_DIFFERS]
        (warned,) = daemon.observer.of(RunWarned)
        assert "32" in warned.caveat.text
        assert daemon.checkpoints.watermark(USER) is None

    def test_counts_up_to_its_start_by_shopifys_clock(self) -> None:
        """An order that is new has not been kept from the run, whatever our clock says."""
        daemon = Daemon.of(orders(30), page_size=10)
        daemon.source.says = NOW - timedelta(hours=2)
        new = an_order(31, NOW - timedelta(hours=1))
        daemon.source.will_count(31)
        daemon.while_fetching = lambda: daemon.source.put(new) if daemon.source.pages[2:] else None
        played(daemon)
        assert daemon.run().comparison == Comparison(30, 31, 30)
        assert kinds(daemon) == []
        mark = daemon.checkpoints.watermark(USER)
        assert mark == NOW - timedelta(hours=2, minutes=15)

    def test_that_may_see_sixty_days_only_moves_the_mark_all_the_same(self) -> None:
        daemon = Daemon.of(orders(30), page_size=10)
        daemon.source.warn(Caveat(CaveatKind.SIXTY_DAYS_ONLY, "text"))
        daemon.source.will_count(33, 32)
        played(daemon)
        assert kinds(daemon) == [CaveatKind.SIXTY_DAYS_ONLY, CaveatKind.COUNT_DIFFERS]
        assert daemon.checkpoints.watermark(USER) == NOW - timedelta(minutes=15)

    @pytest.mark.parametrize(
        "trouble",
        [
            None,
            Transient(Reason.SHOPIFY_ERROR, "HTTP 502"),
            Permanent(Reason.SHOP_UNAUTHORIZED, "no"),
            RateLimited(timedelta(minutes=5)),
            Unavailable(timedelta(minutes=1), Transient(Reason.SHOPIFY_ERROR, "away")),
        ],
    )
    def test_ends_well_and_says_so_where_nobody_counts(self, trouble: Exception | None) -> None:
        daemon = Daemon.of(orders(30), page_size=10)
        daemon.source.will_count(trouble)
        run = played(daemon).run()
        assert run.status is RunStatus.COMPLETED
        assert run.comparison == Comparison(30)
        assert kinds(daemon) == [CaveatKind.NOT_COUNTED]
        assert daemon.checkpoints.watermark(USER) is not None

    def test_goes_back_when_the_process_stops_while_it_counts(self) -> None:
        daemon = Daemon.of(orders(15), page_size=10)
        daemon.source.will_count(Interrupted())
        played(daemon)
        assert daemon.run().totals.saved == 15
        assert daemon.run().comparison == Comparison(15, 15)

    def test_counts_what_could_not_be_stored_as_handed_over(self) -> None:
        daemon = Daemon.of(orders(30), page_size=10)
        daemon.orders.reject("7")
        run = played(daemon).run()
        assert (run.totals.saved, run.totals.failed) == (29, 1)
        assert run.comparison == Comparison(30, 30)


class TestCaveatsOfPages:
    def test_are_the_runs_and_told_once(self) -> None:
        daemon = Daemon.of(orders(30), page_size=10)
        caveat = Caveat(CaveatKind.OTHER_API_VERSION, "2026-01")
        daemon.source.warn(caveat)
        assert played(daemon).run().caveats == (caveat,)
        assert [each.caveat for each in daemon.observer.of(RunWarned)] == [caveat]

    def test_are_not_those_of_the_next_run(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.warn(Caveat(CaveatKind.OTHER_API_VERSION, "2026-01"))
        played(daemon)
        daemon.source.warn()
        daemon.queue.publish(a_request("request-2"), timedelta(0))
        daemon.run_dry()
        assert daemon.run().caveats == ()
