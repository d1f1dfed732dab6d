"""Daily syncs, one after another, on every source: nothing is missed, and little is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from domain.checkpoints import Checkpoint, RunStatus, SourceName
from domain.comparisons import Verdict
from domain.messages import SyncType
from sandbox.shopify.faults import FOREVER, Fault
from tests.faults.stage import ORDERS, SHOP, USER, Stage

OVERLAP = timedelta(minutes=15)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.fixture(params=list(SourceName))
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    made = Stage(request.param)
    made.open()
    yield made
    made.close()


def daily(stage: Stage) -> Checkpoint:
    """A day later, the daily sync."""
    stage.clock.advance(DAY)
    stage.sync(SyncType.DAILY)
    return stage.run(SyncType.DAILY)


def requests(stage: Stage) -> int:
    count: int = stage.world.ledger.state()[SHOP]["requests"]
    return count


def shown_at(stage: Stage, index: int) -> datetime:
    """When the shop's order changed last."""
    key = stage.catalogue.by_index(index)
    assert key is not None
    return datetime.fromtimestamp(key.updated, UTC)


def stored_at(stage: Stage, index: int) -> datetime:
    """When the stored version of it changed last."""
    key = stage.catalogue.by_index(index)
    assert key is not None
    return datetime.fromisoformat(stage.stored()[str(key.id)]["updatedAt"]["S"])


class TestADailySync:
    def test_without_a_mark_reads_everything(self, stage: Stage) -> None:
        run = daily(stage)
        assert (run.since, run.totals.saved) == (None, ORDERS)
        assert stage.missing() == set()
        assert stage.container.checkpoints().watermark(USER) == run.started_at - OVERLAP

    def test_that_finds_nothing_is_one_request(self, stage: Stage) -> None:
        daily(stage)
        before = requests(stage)
        run = daily(stage)
        assert requests(stage) - before == 1
        assert (run.status, run.totals.saved) == (RunStatus.COMPLETED, 0)
        assert run.comparison is not None
        assert run.comparison.verdict is Verdict.EQUAL
        assert stage.container.checkpoints().watermark(USER) == run.started_at - OVERLAP

    def test_reads_the_first_second_of_its_window(self, stage: Stage) -> None:
        first = daily(stage)
        since = first.started_at - 2 * OVERLAP
        stage.catalogue.touch(0, since)
        stage.catalogue.touch(1, since)
        stage.catalogue.touch(2, since - SECOND)
        run = daily(stage)
        assert run.since == since
        assert run.totals.saved == 2

    def test_reads_all_that_changed_in_one_second(self, stage: Stage) -> None:
        daily(stage)
        at = stage.clock.now()
        for index in range(20):
            stage.catalogue.touch(index, at)
        stage.catalogue.create(at)
        run = daily(stage)
        assert run.totals.saved == 21
        assert stage.missing() == set()
        assert {stored_at(stage, index) for index in range(20)} == {at}

    def test_misses_nothing_that_an_index_shows_late(self, stage: Stage) -> None:
        daily(stage)
        stage.clock.advance(DAY)
        stage.catalogue.lag()
        late = stage.catalogue.create(stage.clock.now() - 5 * SECOND)
        stage.catalogue.touch(3, stage.clock.now() - 5 * SECOND)
        stage.sync(SyncType.DAILY)
        assert stage.missing() == {str(late.id)}
        stage.catalogue.catch_up()
        daily(stage)
        assert stage.missing() == set()
        assert stored_at(stage, 3) == shown_at(stage, 3)

    def test_misses_no_order_that_changes_while_it_reads(self, stage: Stage) -> None:
        daily(stage)
        stage.clock.advance(DAY)
        for index in range(30):
            stage.catalogue.touch(index, stage.clock.now() - timedelta(hours=1))
        stage.request(SyncType.DAILY)
        while stage.work_once():
            stage.catalogue.touch(5, stage.clock.now())
            if stage.run(SyncType.DAILY).status is RunStatus.COMPLETED:
                break
        stage.work()
        stage.catalogue.touch(6, stage.clock.now())
        daily(stage)
        assert stage.missing() == set()
        assert [stored_at(stage, each) for each in (5, 6)] == [
            shown_at(stage, each) for each in (5, 6)
        ]

    def test_that_fails_leaves_the_mark_and_the_next_one_reads_its_window(
        self, stage: Stage
    ) -> None:
        first = daily(stage)
        mark = first.started_at - OVERLAP
        stage.catalogue.touch(0, first.started_at + SECOND)
        stage.hit(Fault.BAD_TOKEN, FOREVER)
        assert daily(stage).status is RunStatus.FAILED
        assert stage.container.checkpoints().watermark(USER) == mark
        stage.world.faults.clear()
        stage.connect(USER, SHOP)
        run = daily(stage)
        assert run.status is RunStatus.COMPLETED
        assert run.since == mark - OVERLAP
        assert run.totals.saved == 1


class TestAWorkersClock:
    """Shopify's own clock says which orders it has handed over, whatever ours says."""

    @pytest.fixture(params=[-30, -2, 2, 30], ids=lambda hours: f"{hours:+d}h")
    def wrong(self, stage: Stage, request: pytest.FixtureRequest) -> Stage:
        stage.ahead = timedelta(hours=request.param)
        stage.restart()
        return stage

    def test_loses_no_order_though_it_is_wrong(self, wrong: Stage) -> None:
        daily(wrong)
        for _ in range(3):
            wrong.catalogue.create(wrong.clock.now() + timedelta(minutes=1))
            wrong.catalogue.touch(3, wrong.clock.now() + timedelta(minutes=2))
            daily(wrong)
            assert wrong.missing() == set()
            assert stored_at(wrong, 3) == shown_at(wrong, 3)
