"""The faults that connectors were measured under, and what else a sync meets, on every source.

Of the connectors measured (Airbyte 4.3.0, tap-shopify 3.13.0, hotglue v2, Matatika, dlt,
Estuary) each lost orders, said "complete" when it was not, or stopped for good in some row.
Here each row ends with nothing lost, nothing green that is wrong, the other shop served, and a
metric that tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from domain.checkpoints import RunStatus, SourceName
from domain.failures import Reason
from domain.messages import SyncType
from sandbox.shopify.faults import FOREVER, Fault
from tests.faults.stage import (
    ORDERS,
    OTHER_USER,
    PAGES,
    SHOP,
    USER,
    Killed,
    Stage,
)

AT_PAGE_3 = 2


@pytest.fixture(params=list(SourceName))
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    yield from a_stage(request.param)


def a_stage(source: SourceName) -> Iterator[Stage]:
    made = Stage(source, settings={"daily_overlap": 0})
    made.open()
    yield made
    made.close()


@dataclass(frozen=True, slots=True)
class Passing:
    """A fault that passes: so many answers of that kind, and the metric that tells of it."""

    fault: Fault
    times: int
    metric: str
    labels: dict[str, str] = field(default_factory=dict)


RETRIED: tuple[str, dict[str, str]] = "retries_total", {"target": "shopify"}
LIMITED: tuple[str, dict[str, str]] = "rate_limited_total", {}
PASSING = {
    "429 three times, Retry-After 2.0": Passing(Fault.RATE_LIMITED, 3, *LIMITED),
    "500 twice": Passing(Fault.SERVER_ERROR, 2, *RETRIED),
    "502 twice": Passing(Fault.BAD_GATEWAY, 2, *RETRIED),
    "503 six times": Passing(Fault.UNAVAILABLE, 6, *RETRIED),
    "200 THROTTLED three times": Passing(Fault.THROTTLED, 3, *LIMITED),
    "200 with a body cut in half": Passing(Fault.HALF_A_BODY, 1, *RETRIED),
    "200 {}": Passing(Fault.EMPTY_OBJECT, 1, *RETRIED),
    "200 without orders": Passing(Fault.EMPTY_DATA, 1, *RETRIED),
    "200 that is HTML": Passing(Fault.HTML, 1, *RETRIED),
    "the connection reset before the answer": Passing(Fault.RESET_BEFORE, 1, *RETRIED),
    "the connection reset in the body": Passing(Fault.RESET_IN_BODY, 1, *RETRIED),
    "an internal error": Passing(Fault.INTERNAL_ERROR, 2, *RETRIED),
}


def assert_all_is_well(stage: Stage) -> None:
    """Every order stored and counted once, nothing buried, the other shop served."""
    run = stage.run()
    assert (run.status, run.totals.saved, run.totals.failed) == (RunStatus.COMPLETED, ORDERS, 0)
    assert stage.missing() == set()
    assert stage.letters == []
    assert stage.completed(user_id=OTHER_USER)


class TestAFaultThatPasses:
    @pytest.mark.parametrize("case", PASSING.values(), ids=PASSING)
    def test_loses_nothing_and_is_told(self, stage: Stage, case: Passing) -> None:
        stage.hit(case.fault, case.times, skip=AT_PAGE_3)
        stage.sync(SyncType.MANUAL, USER, OTHER_USER)
        assert_all_is_well(stage)
        assert stage.world.faults.state()["happened"] == {case.fault: case.times}
        assert stage.counted(case.metric, **case.labels) >= 1

    @pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.EMPTY_OBJECT])
    def test_loses_nothing_from_the_first_request_on(self, stage: Stage, fault: Fault) -> None:
        stage.hit(fault)
        stage.sync(SyncType.MANUAL, USER, OTHER_USER)
        assert_all_is_well(stage)


OF_BULK = {
    "the submit finds another one in progress": Fault.BULK_IN_PROGRESS,
    "the operation fails with half of the data": Fault.BULK_FAILS,
    "the operation times out": Fault.BULK_TIMES_OUT,
    "the operation is cancelled": Fault.BULK_CANCELED,
    "the operation expires": Fault.BULK_EXPIRES,
    "the operation stays CREATED": Fault.BULK_STUCK_CREATED,
    "the operation stays RUNNING": Fault.BULK_STUCK_RUNNING,
    "the URL has expired": Fault.URL_EXPIRED,
    "the download host fails": Fault.DOWNLOAD_UNAVAILABLE,
    "the download is reset": Fault.DOWNLOAD_RESET,
    "the range is ignored": Fault.RANGE_IGNORED,
    "a line is cut": Fault.CUT_LINE,
    "a child is under another parent": Fault.STRAY_CHILD,
}


class TestAFaultOfABulkOperation:
    @pytest.fixture
    def stage(self) -> Iterator[Stage]:
        yield from a_stage(SourceName.BULK)

    @pytest.mark.parametrize("fault", OF_BULK.values(), ids=OF_BULK)
    def test_loses_nothing_and_is_told(self, stage: Stage, fault: Fault) -> None:
        stage.hit(fault)
        stage.sync(SyncType.MANUAL, USER, OTHER_USER)
        assert_all_is_well(stage)
        assert stage.world.faults.state()["happened"] == {fault: 1}
        assert (
            stage.counted("messages_total", outcome="retried")
            + stage.counted("messages_released_total", why="preparing")
            >= 1
        )

    def test_sends_the_token_to_nobody_else(self, stage: Stage) -> None:
        stage.sync(SyncType.MANUAL, USER, OTHER_USER)
        downloads = stage.world.downloads.requests()
        assert len(downloads) > PAGES
        assert not any(sent.token or sent.cookie for sent in downloads)


class TestATokenThatIsRefusedMidway:
    def test_is_no_success_and_goes_on_where_it_was(self, stage: Stage) -> None:
        also_asked = 2 if stage.source is SourceName.REST else 0  # the count and the scopes
        stage.hit(Fault.BAD_TOKEN, FOREVER, skip=AT_PAGE_3 + also_asked)
        stage.sync(SyncType.MANUAL, USER, OTHER_USER)
        failed = stage.run()
        assert failed.status is RunStatus.FAILED
        assert failed.last_error is not None
        assert failed.last_error.reason is Reason.SHOP_UNAUTHORIZED
        assert failed.totals.saved < ORDERS
        assert (failed.totals.saved > 0) == (stage.source is not SourceName.BULK)
        assert stage.letters == ["shop-unauthorized"]
        assert stage.counted("dead_letters_total", reason="shop-unauthorized") == 1
        assert stage.counted("runs_total", event="failed") == 1
        assert stage.completed(user_id=OTHER_USER)
        stage.world.faults.clear()
        stage.connect(USER, SHOP)
        stage.sync()
        run = stage.run()
        assert (run.status, run.totals.saved) == (RunStatus.COMPLETED, ORDERS)
        assert stage.missing() == set()
        assert run.run_id == failed.run_id

    def test_moves_no_watermark(self, stage: Stage) -> None:
        stage.hit(Fault.BAD_TOKEN, FOREVER, skip=AT_PAGE_3)
        stage.sync()
        assert stage.container.checkpoints().watermark(USER) is None


class TestAnOddOrder:
    def test_is_stored_like_any_other(self, stage: Stage) -> None:
        note = "\0 😀 " + "x" * 20_000
        odd = stage.rewrite(5, note=note, customer=None, tags=[], cancelReason=None)
        stage.sync(SyncType.MANUAL, USER, OTHER_USER)
        assert_all_is_well(stage)
        assert stage.stored()[odd]["note"] == {"S": note}
        assert stage.stored()[odd].get("customer") in (None, {"NULL": True})

    def test_that_no_table_can_hold_keeps_no_other_from_being_stored(self, stage: Stage) -> None:
        huge = stage.rewrite(5, note="x" * 450_000)
        stage.sync(SyncType.MANUAL, USER, OTHER_USER)
        run = stage.run()
        assert (run.status, run.totals.saved, run.totals.failed) == (
            RunStatus.COMPLETED,
            ORDERS - 1,
            1,
        )
        assert stage.missing() == {huge}
        (batch,) = stage.container.failed_batches().of(run.key)
        assert (batch.order_ids, batch.reason) == ((huge,), "too-large")
        assert stage.letters == ["failed-batch"]
        assert stage.counted("orders_failed_total", reason="too-large") == 1


class TestANewOrderInTheSecondOfTheMark:
    def test_is_seen_by_the_next_daily_sync(self, stage: Stage) -> None:
        stage.sync(SyncType.DAILY)
        mark = stage.container.checkpoints().watermark(USER)
        assert mark is not None
        stage.catalogue.create(mark)
        assert len(stage.missing()) == 1
        stage.sync(SyncType.DAILY)
        assert stage.missing() == set()


class TestAMessageTwiceAtOnce:
    def test_counts_each_page_once(self, stage: Stage) -> None:
        stage.request()
        stage.request(user_id=OTHER_USER)
        stage.work_once()
        source = stage.queues.urls.source
        while waiting := stage.queues.engine.stored(source):
            for message in waiting[:1]:
                stage.queues.engine.duplicate(source, message.message_id)
            stage.work_once()
            stage.work_once()
        assert_all_is_well(stage)
        assert stage.run().page == PAGES + 1


class TestAKill:
    @pytest.fixture(params=[1, 3])
    def midway(self, stage: Stage, request: pytest.FixtureRequest) -> Stage:
        """A run of which some messages were handled."""
        stage.request()
        for _ in range(request.param):
            stage.work_once()
        return stage

    def finish(self, stage: Stage) -> None:
        with pytest.raises(Killed):
            stage.work()
        stage.restart()
        stage.sync(SyncType.MANUAL, OTHER_USER)
        assert_all_is_well(stage)

    def test_between_storing_and_the_checkpoint_fetches_one_page_again(self, midway: Stage) -> None:
        midway.dies_after_storing()
        self.finish(midway)
        assert sorted(midway.pages_sent().values()) == [1] * (PAGES - 1) + [2]

    def test_between_the_checkpoint_and_the_message_fetches_none_again(self, midway: Stage) -> None:
        midway.dies_before_sending()
        self.finish(midway)
        assert set(midway.pages_sent().values()) == {1}
