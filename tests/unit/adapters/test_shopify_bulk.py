"""The source that reads through bulk operations, whatever becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from adapters.shopify_bulk_cursors import BulkPlace, cursor_of, place_in
from adapters.shopify_bulk_waits import until_next_look
from domain.failures import Failure, Outage, Permanent, Preparing, Reason, Spoilt, Transient
from domain.orders import OrderPage, PageRequest
from sandbox.shopify.faults import Fault
from tests.bulk import BulkBench, a_bulk_bench

HOUR = timedelta(hours=1)


@pytest.fixture
def bench() -> Iterator[BulkBench]:
    with a_bulk_bench() as made:
        yield made


class Reader:
    """A run that reads; remembers its cursor as a checkpoint does."""

    def __init__(self, bench: BulkBench, since: datetime | None = None) -> None:
        self.bench = bench
        self.since = since
        self.began = bench.clock.now()
        self.cursor: str | None = None

    @property
    def place(self) -> BulkPlace:
        return place_in(self.cursor)

    def fetch(self, size: int = 10) -> OrderPage:
        request = PageRequest(size, self.cursor, self.since, count=True, run_began=self.began)
        return self.bench.source.fetch_page(self.bench.shop, request)

    def waits(self) -> Preparing:
        """Ask once; it is being prepared."""
        with pytest.raises(Preparing) as raised:
            self.fetch()
        self.cursor = raised.value.cursor
        self.bench.clock.advance(raised.value.wait)
        return raised.value

    def is_prepared(self) -> None:
        """Wait until it is."""
        for _ in range(1000):
            try:
                self.fetch()
            except Preparing as preparing:
                self.cursor = preparing.cursor
                self.bench.clock.advance(preparing.wait)
            else:
                return
        raise AssertionError("it is never prepared")

    def is_spoilt(self) -> Failure:
        with pytest.raises(Spoilt) as raised:
            self.is_prepared()
        self.cursor = raised.value.cursor
        return raised.value.failure

    def rest(self) -> list[str]:
        """The ids of everything from here on."""
        found: list[str] = []
        while True:
            page = self.fetch()
            found += [order.order_id for order in page.orders]
            if page.next_cursor is None:
                return found
            self.cursor = page.next_cursor


class TestABulkRun:
    def test_names_its_operation_before_it_looks_at_it(self, bench: BulkBench) -> None:
        reader = Reader(bench)
        first = reader.waits()
        assert first.what == "Shopify prepares the orders (created)"
        assert reader.place.operation == "gid://shopify/BulkOperation/4300000000001"
        reader.is_prepared()
        assert len(reader.rest()) == 45
        assert bench.submitted == 1

    def test_knows_how_many_orders_there_are(self, bench: BulkBench) -> None:
        reader = Reader(bench)
        reader.is_prepared()
        assert reader.fetch().expected == 45

    def test_reads_what_there_was_when_its_operation_was_created(self, bench: BulkBench) -> None:
        reader, submitted = Reader(bench), bench.clock.now()
        reader.is_prepared()
        assert reader.fetch().as_of == submitted < bench.clock.now()

    def test_is_over_at_once_where_there_is_nothing(self, bench: BulkBench) -> None:
        reader = Reader(bench, since=datetime.fromisoformat("2030-01-01T00:00:00+00:00"))
        page, now = reader.fetch(), bench.clock.now()
        assert (page.orders, page.next_cursor, page.as_of) == ((), None, now)
        assert (page.expected, page.counted, page.ascending) == (0, 0, False)
        assert "read_all_orders" in (page.scopes or ())
        assert bench.submitted == 0

    def test_reads_its_window_only(self, bench: BulkBench) -> None:
        everything = Reader(bench)
        everything.is_prepared()
        orders = everything.fetch(250).orders
        since = sorted(order.updated_at for order in orders)[20]
        reader = Reader(bench, since=since)
        reader.is_prepared()
        window = [order.order_id for order in orders if order.updated_at >= since]
        assert reader.rest() == window

    def test_takes_up_what_it_submitted_before_a_crash(self, bench: BulkBench) -> None:
        reader = Reader(bench)
        submitted = reader.waits().cursor
        reader.cursor = None  # it was never stored
        reader.waits()
        assert bench.submitted == 1
        assert reader.place.operation == place_in(submitted).operation

    def test_takes_up_nothing_from_before_its_start(self, bench: BulkBench) -> None:
        Reader(bench).is_prepared()
        bench.clock.advance(HOUR)
        Reader(bench).is_prepared()
        assert bench.submitted == 2

    def test_takes_up_nothing_that_asks_for_something_else(self, bench: BulkBench) -> None:
        Reader(bench).waits()
        Reader(bench, since=datetime.fromisoformat("2026-11-01T00:00:00+00:00")).waits()
        assert bench.submitted == 2

    def test_waits_while_others_run(self, bench: BulkBench) -> None:
        bench.meets(Fault.BULK_IN_PROGRESS)
        reader = Reader(bench)
        busy = reader.waits()
        assert busy.wait == timedelta(seconds=60)
        assert "busy" in busy.what
        assert reader.place.operation is None
        reader.is_prepared()
        assert bench.submitted == 1

    def test_waits_longer_the_longer_it_has_waited(self) -> None:
        ages = [timedelta(seconds=s) for s in (0, 8, 60, 3600)]
        waits = [until_next_look(age).total_seconds() for age in ages]
        assert waits == [2, 2, 15, 60]

    def test_has_a_cursor_of_its_own(self, bench: BulkBench) -> None:
        reader = Reader(bench)
        reader.cursor = "eyJsYXN0X2lkIjoxfQ=="
        with pytest.raises(Permanent, match="none of a bulk operation's"):
            reader.fetch()
        place = BulkPlace("gid://shopify/BulkOperation/1", offset=7, etag='"1"')
        assert place_in(cursor_of(place)) == place


class TestAnOperationThatComesToNothing:
    @pytest.mark.parametrize(
        ("fault", "said"),
        [
            (Fault.BULK_FAILS, "ended FAILED (INTERNAL_SERVER_ERROR)"),
            (Fault.BULK_TIMES_OUT, "ended FAILED (TIMEOUT)"),
            (Fault.BULK_CANCELED, "ended CANCELED"),
            (Fault.BULK_EXPIRES, "ended EXPIRED"),
            (Fault.BULK_STUCK_CREATED, "stood still (CREATED) and was cancelled"),
            (Fault.BULK_STUCK_RUNNING, "stood still (RUNNING) and was cancelled"),
        ],
    )
    def test_is_given_up_for_another(self, bench: BulkBench, fault: Fault, said: str) -> None:
        bench.meets(fault)
        reader = Reader(bench)
        failure = reader.is_spoilt()
        assert isinstance(failure, Transient)
        assert failure.reason is Reason.SHOPIFY_ERROR
        assert said in failure.message
        assert reader.place.operation is None
        reader.is_prepared()
        assert len(reader.rest()) == 45
        assert bench.submitted == 2

    def test_waits_its_time_before_it_counts_as_stuck(self, bench: BulkBench) -> None:
        bench.meets(Fault.BULK_STUCK_RUNNING)
        reader = Reader(bench)
        reader.is_spoilt()
        assert 6 * HOUR < bench.clock.now() - reader.began < 6 * HOUR + timedelta(minutes=3)

    def test_leaves_no_stuck_one_behind(self, bench: BulkBench) -> None:
        bench.meets(Fault.BULK_STUCK_CREATED)
        Reader(bench).is_spoilt()
        (stuck,) = bench.operations.answer("bulkOperations", {})
        assert stuck["status"] == "CANCELED"

    def test_is_a_persons_matter_where_access_is_denied(self, bench: BulkBench) -> None:
        bench.meets(Fault.BULK_DENIED)
        reader = Reader(bench)
        failure = reader.is_spoilt()
        assert isinstance(failure, Permanent)
        assert failure.reason is Reason.SHOP_UNAUTHORIZED
        reader.is_prepared()  # once the person has seen to it
        assert bench.submitted == 2

    def test_is_given_up_when_shopify_knows_it_no_more(self, bench: BulkBench) -> None:
        reader = Reader(bench)
        reader.cursor = cursor_of(BulkPlace("gid://shopify/BulkOperation/1"))
        assert "knows the bulk operation no more" in reader.is_spoilt().message


class TestAFileInTrouble:
    def prepared(self, bench: BulkBench) -> Reader:
        """A run whose next slice is its second."""
        reader = Reader(bench)
        reader.is_prepared()
        reader.cursor = reader.fetch().next_cursor
        assert reader.place.offset > 0
        return reader

    def test_is_read_on_with_a_fresh_url(self, bench: BulkBench) -> None:
        reader = self.prepared(bench)
        bench.meets(Fault.URL_EXPIRED)
        assert "not handed over (HTTP 400)" in reader.is_spoilt().message
        assert len(reader.rest()) == 35
        assert bench.submitted == 1

    def test_is_given_up_when_no_url_works(self, bench: BulkBench) -> None:
        reader = self.prepared(bench)
        bench.meets(Fault.URL_EXPIRED, times=3)
        for _ in range(3):
            reader.is_spoilt()
        assert reader.place.operation is None
        reader.is_prepared()
        assert len(reader.rest()) == 45
        assert bench.submitted == 2

    def test_is_read_with_a_fresh_url_however_long_it_takes(self, bench: BulkBench) -> None:
        bench.world.downloads.pace.url_life = 60
        reader = self.prepared(bench)
        bench.clock.advance(HOUR)
        assert len(reader.rest()) == 35

    @pytest.mark.parametrize("fault", [Fault.STRAY_CHILD, Fault.CUT_LINE])
    def test_is_never_read_wrongly(self, bench: BulkBench, fault: Fault) -> None:
        reader = self.prepared(bench)
        bench.meets(fault)
        assert "cannot be read" in reader.is_spoilt().message
        assert len(set(reader.rest())) == 35

    def test_is_given_up_when_it_stays_unreadable(self, bench: BulkBench) -> None:
        reader = self.prepared(bench)
        bench.meets(Fault.CUT_LINE, times=3)
        for _ in range(3):
            reader.is_spoilt()
        assert reader.place.operation is None

    def test_is_not_read_from_its_beginning_for_a_part_of_it(self, bench: BulkBench) -> None:
        reader = self.prepared(bench)
        bench.meets(Fault.RANGE_IGNORED)
        assert "not the part that was asked for" in reader.is_spoilt().message

    def test_may_be_whole_where_its_beginning_is_asked_for(self, bench: BulkBench) -> None:
        bench.meets(Fault.RANGE_IGNORED)
        reader = Reader(bench)
        reader.is_prepared()
        assert len(reader.rest()) == 45

    def test_is_given_up_when_it_has_changed(self, bench: BulkBench) -> None:
        reader = self.prepared(bench)
        bench.meets(Fault.FILE_CHANGED)
        assert "file changed" in reader.is_spoilt().message
        assert reader.place.operation is None

    @pytest.mark.parametrize("fault", [Fault.DOWNLOAD_UNAVAILABLE, Fault.DOWNLOAD_RESET])
    def test_is_read_on_after_an_outage(self, bench: BulkBench, fault: Fault) -> None:
        reader = self.prepared(bench)
        bench.meets(fault)
        with pytest.raises(Outage):
            reader.fetch(size=35)
        assert len(reader.rest()) == 35

    def test_is_gone_with_its_url(self, bench: BulkBench) -> None:
        reader = self.prepared(bench)
        (operation,) = bench.operations._all.values()  # what days do to it
        operation.status = "EXPIRED"
        assert "ended EXPIRED" in reader.is_spoilt().message


class TestWhatTheDownloadHostSees:
    def test_is_no_token_and_no_cookie(self, bench: BulkBench) -> None:
        reader = Reader(bench)
        reader.is_prepared()
        reader.rest()
        seen = bench.world.downloads.requests()
        assert len(seen) > 4
        assert not any(request.token or request.cookie for request in seen)

    def test_is_a_slice_once_and_no_more(self, bench: BulkBench) -> None:
        reader = Reader(bench)
        reader.is_prepared()
        before = len(bench.world.downloads.requests())
        reader.rest()
        firsts = [request.first for request in bench.world.downloads.requests()[before:]]
        assert firsts == sorted(set(firsts))
        assert len(firsts) == 5
