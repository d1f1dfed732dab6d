"""Answers that look well and are not what was asked for: each is an error, or the run says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.caveats import CaveatKind
from domain.checkpoints import RunStatus, SourceName
from domain.comparisons import Verdict
from domain.failures import Reason
from domain.messages import SyncType
from sandbox.shopify.faults import FOREVER, Fault
from tests.fakes.clock import FakeClock
from tests.faults.stage import ORDERS, OTHER_USER, SHOP, USER, Stage


@pytest.fixture(params=list(SourceName))
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    made = Stage(request.param, clock=FakeClock())
    made.open()
    yield made
    made.close()


def kinds(stage: Stage, sync_type: SyncType = SyncType.MANUAL) -> list[CaveatKind]:
    return [caveat.kind for caveat in stage.run(sync_type).caveats]


def verdict(stage: Stage, sync_type: SyncType = SyncType.MANUAL) -> Verdict:
    comparison = stage.run(sync_type).comparison
    assert comparison is not None
    return comparison.verdict


def grant(stage: Stage, *scopes: str) -> None:
    """The app may do this in the shop, and nothing else."""
    shop = stage.shops.find(SHOP)
    assert shop is not None
    stage.world.declare(replace(shop, scopes=scopes))


class TestARunWithoutAnyDoubt:
    def test_has_no_caveat_and_the_same_number_of_orders_as_shopify(self, stage: Stage) -> None:
        stage.sync()
        assert kinds(stage) == []
        assert verdict(stage) is Verdict.EQUAL
        assert stage.counted("run_counts_total", sync_type="manual", verdict="equal") == 1
        assert stage.counted("run_warnings_total") == 0
        assert stage.counted("count_differences_total") == 0


class TestAnotherVersion:
    def test_is_in_the_run_and_in_a_metric(self, stage: Stage) -> None:
        stage.hit(Fault.OTHER_VERSION, FOREVER)
        stage.sync(SyncType.MANUAL, USER, OTHER_USER)
        assert kinds(stage) == [CaveatKind.OTHER_API_VERSION]
        assert stage.run(user_id=OTHER_USER).caveats == ()
        assert stage.counted("run_warnings_total", kind="other-api-version") == 1
        assert stage.missing() == set()


class TestAnIgnoredFilter:
    def test_brings_more_than_was_asked_for_and_is_said(self, stage: Stage) -> None:
        stage.sync()
        stage.hit(Fault.IGNORED_FILTER, FOREVER)
        stage.catalogue.touch(3, stage.clock.now())
        stage.sync(SyncType.DAILY)
        run = stage.run(SyncType.DAILY)
        assert run.since is not None
        assert (run.status, run.totals.saved) == (RunStatus.COMPLETED, ORDERS)
        assert CaveatKind.IGNORED_FILTER in kinds(stage, SyncType.DAILY)
        assert CaveatKind.COUNT_DIFFERS not in kinds(stage, SyncType.DAILY)
        assert stage.counted("run_warnings_total", kind="ignored-filter") == 1
        assert stage.missing() == set()


class TestScopes:
    def test_without_all_orders_are_said(self, stage: Stage) -> None:
        grant(stage, "read_orders")
        stage.sync()
        run = stage.run()
        assert run.status is RunStatus.COMPLETED
        assert 0 < run.totals.saved < ORDERS
        assert kinds(stage) == [CaveatKind.SIXTY_DAYS_ONLY]
        assert stage.counted("run_warnings_total", kind="sixty-days-only") == 1

    def test_without_all_orders_are_said_by_a_daily_sync_that_finds_nothing(
        self, stage: Stage
    ) -> None:
        """In whichever process, and for no further request."""
        grant(stage, "read_orders")
        stage.sync(SyncType.DAILY)
        for _ in range(2):
            stage.restart()
            stage.clock.advance(timedelta(days=1))
            before = stage.world.ledger.state()[SHOP]["requests"]
            stage.sync(SyncType.DAILY)
            assert stage.world.ledger.state()[SHOP]["requests"] == before + 1
            assert stage.run(SyncType.DAILY).totals.saved == 0
            assert kinds(stage, SyncType.DAILY) == [CaveatKind.SIXTY_DAYS_ONLY]

    def test_of_all_orders_that_are_granted_later_end_what_was_said(self, stage: Stage) -> None:
        grant(stage, "read_orders")
        stage.sync()
        grant(stage, "read_orders", "read_all_orders")
        stage.restart()
        stage.sync()
        stage.sync(SyncType.DAILY)
        assert kinds(stage) == kinds(stage, SyncType.DAILY) == []

    def test_without_orders_end_the_run_and_are_named(self, stage: Stage) -> None:
        grant(stage, "read_products")
        stage.sync(SyncType.MANUAL, USER, OTHER_USER)
        run = stage.run()
        assert run.status is RunStatus.FAILED
        assert run.last_error is not None
        assert run.last_error.reason is Reason.SHOP_UNAUTHORIZED
        assert "read_orders" in run.last_error.message
        assert stage.letters == ["shop-unauthorized"]
        assert stage.completed(user_id=OTHER_USER)


class TestAnOrderThatIsCountedAndNotHandedOver:
    def test_is_said_and_holds_the_mark_back(self, stage: Stage) -> None:
        hidden = stage.hide(7)
        stage.sync()
        run = stage.run()
        assert (run.status, run.totals.saved) == (RunStatus.COMPLETED, ORDERS - 1)
        assert stage.missing() == {hidden}
        assert kinds(stage) == [CaveatKind.COUNT_DIFFERS]
        assert verdict(stage) is Verdict.MISSING
        assert stage.counted("count_differences_total", verdict="missing") == 1
        assert stage.container.checkpoints().watermark(USER) is None
        stage.unhide()
        stage.sync(SyncType.DAILY)
        assert stage.missing() == set()
        assert kinds(stage, SyncType.DAILY) == []
        assert stage.container.checkpoints().watermark(USER) is not None


class TestACountThatFails:
    def test_keeps_no_run_from_its_end(self, stage: Stage) -> None:
        stage.sync()
        requests = stage.world.ledger.state()[SHOP]["requests"]
        stage.restart()
        stage.hit(Fault.UNAVAILABLE, FOREVER, skip=requests - 1)
        stage.request(SyncType.INITIAL)
        stage.work()
        run = stage.run(SyncType.INITIAL)
        assert (run.status, run.totals.saved) == (RunStatus.COMPLETED, ORDERS)
        assert kinds(stage, SyncType.INITIAL) == [CaveatKind.NOT_COUNTED]
        assert stage.counted("run_counts_total", sync_type="initial", verdict="unknown") == 1
