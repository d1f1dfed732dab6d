"""What happened, counted for Prometheus."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from adapters.prometheus import Counting
from domain.breakers import Dependency, Kind
from domain.checkpoints import SourceName
from domain.failures import Reason
from domain.occurrences import (
    BatchRetried,
    BreakerChanged,
    DeadLettersHeldBack,
    Extended,
    HoldLost,
    LoopSpent,
    MessageSettled,
    PageStored,
    ReceiveFailed,
    Retried,
    RunChanged,
    RunEvent,
    ShopChanged,
    ShopEvent,
    TakenUp,
    WaitedForRateLimit,
)
from tests.builders import KEY, NOW
from tests.fakes.clock import FakeClock

TYPES = {"initial", "manual", "daily"}
CONTRACT = {
    "pages_total": ("counter", {"sync_type", "source"}),
    "orders_saved_total": ("counter", {"sync_type"}),
    "orders_failed_total": ("counter", {"sync_type", "reason"}),
    "messages_total": ("counter", {"type", "outcome"}),
    "runs_total": ("counter", {"sync_type", "event"}),
    "run_counts_total": ("counter", {"sync_type", "verdict"}),
    "run_warnings_total": ("counter", {"kind"}),
    "count_differences_total": ("counter", {"verdict"}),
    "run_duration_seconds": ("histogram", {"sync_type"}),
    "page_duration_seconds": ("histogram", {"sync_type", "phase"}),
    "retries_total": ("counter", {"target", "reason"}),
    "rate_limited_total": ("counter", {"source"}),
    "rate_limit_wait_seconds_total": ("counter", {"source"}),
    "dead_letters_total": ("counter", {"reason"}),
    "shop_events_total": ("counter", {"event"}),
    "erasures_total": ("counter", {"what"}),
    "messages_released_total": ("counter", {"why"}),
    "receive_errors_total": ("counter", {"reason"}),
    "lease_extensions_total": ("counter", {"of", "result"}),
    "leases_lost_total": ("counter", {"of"}),
    "loop_seconds_total": ("counter", {"state"}),
    "breakers_open": ("gauge", {"dependency"}),
    "dead_letters_held_back": ("gauge", set()),
    "pages_in_flight": ("gauge", set()),
    "last_progress_timestamp_seconds": ("gauge", set()),
    "build_info": ("gauge", {"version"}),
}


def a_page(**changes: object) -> PageStored:
    facts: dict[str, object] = {
        "key": KEY,
        "run_id": "run-1",
        "page": 1,
        "source": SourceName.GRAPHQL,
        "saved": 248,
        "failed": ("too-large", "throttled"),
        "fetch": timedelta(seconds=1.5),
        "store": timedelta(seconds=0.2),
        "total": timedelta(seconds=1.8),
    }
    return PageStored(**{**facts, **changes})  # type: ignore[arg-type] # a builder


def settled(outcome: str = "done", **changes: object) -> MessageSettled:
    facts: dict[str, object] = {
        "message_type": "sync-page",
        "outcome": outcome,
        "message_id": "message-1",
        "receive_count": 1,
        "duration": timedelta(seconds=2),
        "dwell": timedelta(seconds=120),
    }
    return MessageSettled(**{**facts, **changes})  # type: ignore[arg-type] # a builder


class Scrape:
    """A worker's metrics as a scraper reads them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.clock = FakeClock()
        self.counting = Counting(self.registry, self.clock, "1.2.3")
        self.counting.watch_pages_in_flight(lambda: 3)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"shopify_sync_{name}", labels)

    @property
    def text(self) -> str:
        return self.counting.exposition().decode()


class TestMetrics:
    def test_have_the_names_types_and_labels_that_dashboards_rely_on(self) -> None:
        found = {
            sample.name.removeprefix("shopify_sync_").removesuffix("_sum"): (
                family.type,
                set(sample.labels),
            )
            for family in text_string_to_metric_families(Scrape().text)
            for sample in family.samples
            if sample.name.startswith("shopify_sync_")
            and not sample.name.endswith(("_bucket", "_count"))
        }
        assert found == CONTRACT

    def test_begin_at_nought_for_every_known_combination(self) -> None:
        scrape = Scrape()
        assert {scrape.value("pages_total", sync_type=t, source="graphql") for t in TYPES} == {0}
        for reason in Reason:
            assert scrape.value("dead_letters_total", reason=reason.value) == 0
        for event in RunEvent:
            assert scrape.value("runs_total", sync_type="daily", event=event.value) == 0
        assert scrape.value("page_duration_seconds_count", sync_type="daily", phase="store") == 0
        assert scrape.value("retries_total", target="dynamodb", reason="throttled") == 0

    def test_tell_of_the_process(self) -> None:
        text = Scrape().text
        assert "process_resident_memory_bytes" in text
        assert "python_info" in text
        assert "python_gc_collections_total" in text

    def test_leave_out_when_each_series_was_made(self) -> None:
        assert "_created" not in Scrape().text

    def test_of_two_workers_in_one_process_are_apart(self) -> None:
        first, second = Scrape(), Scrape()
        first.counting.notice(a_page())
        assert second.value("orders_saved_total", sync_type="manual") == 0


class TestCounting:
    def test_counts_a_page_its_orders_and_how_long_it_took(self) -> None:
        scrape = Scrape()
        scrape.counting.notice(a_page())
        assert scrape.value("pages_total", sync_type="manual", source="graphql") == 1
        assert scrape.value("orders_saved_total", sync_type="manual") == 248
        assert scrape.value("orders_failed_total", sync_type="manual", reason="too-large") == 1
        assert scrape.value("orders_failed_total", sync_type="manual", reason="throttled") == 1
        for phase, seconds in (("fetch", 1.5), ("store", 0.2), ("total", 1.8)):
            labels = {"sync_type": "manual", "phase": phase}
            assert scrape.value("page_duration_seconds_sum", **labels) == seconds

    def test_counts_what_it_has_never_heard_of_as_other(self) -> None:
        scrape = Scrape()
        scrape.counting.notice(a_page(failed=("user-1 did it",)))
        scrape.counting.notice(Retried("sqs", "order 4711"))
        scrape.counting.notice(settled("dead-lettered", message_type="?", reason="whatever"))
        assert scrape.value("orders_failed_total", sync_type="manual", reason="other") == 1
        assert scrape.value("retries_total", target="sqs", reason="other") == 1
        assert scrape.value("messages_total", type="other", outcome="dead-lettered") == 1
        assert scrape.value("dead_letters_total", reason="other") == 1
        assert "4711" not in scrape.text

    def test_counts_deliveries_by_their_outcome(self) -> None:
        scrape = Scrape()
        for outcome in ("done", "done", "stale", "duplicate", "busy", "retried"):
            scrape.counting.notice(settled(outcome))
        assert scrape.value("messages_total", type="sync-page", outcome="done") == 2
        assert scrape.value("messages_total", type="sync-page", outcome="busy") == 1

    def test_counts_a_dead_letter_by_its_reason(self) -> None:
        scrape = Scrape()
        scrape.counting.notice(settled("dead-lettered", reason="unknown-shop"))
        assert scrape.value("dead_letters_total", reason="unknown-shop") == 1

    def test_does_not_count_what_was_given_back_unfinished(self) -> None:
        scrape = Scrape()
        before = scrape.text.count("messages_total")
        scrape.counting.notice(settled("released"))
        assert scrape.text.count("messages_total") == before

    @pytest.mark.parametrize("why", ["released", "away", "crowded", "held-back", "early"])
    def test_counts_what_went_back_by_itself(self, why: str) -> None:
        scrape = Scrape()
        scrape.counting.notice(settled(why))
        assert scrape.value("messages_released_total", why=why) == 1

    def test_counts_what_the_loop_does(self) -> None:
        scrape = Scrape()
        scrape.counting.notice(LoopSpent("waiting", timedelta(seconds=9.5)))
        scrape.counting.notice(Extended("message", 3, 1))
        scrape.counting.notice(HoldLost("page", "page 3 is somebody else's"))
        assert scrape.value("loop_seconds_total", state="waiting") == 9.5
        assert scrape.value("loop_seconds_total", state="blocked") == 0
        assert scrape.value("lease_extensions_total", of="message", result="worked") == 3
        assert scrape.value("lease_extensions_total", of="message", result="failed") == 1
        assert scrape.value("leases_lost_total", of="page") == 1

    def test_shows_what_is_away(self) -> None:
        scrape = Scrape()
        first, second = (Dependency(Kind.SHOP, name) for name in ("a", "b"))
        for shop in (first, second):
            scrape.counting.notice(BreakerChanged(shop, is_open=True, error="no answer"))
        assert scrape.value("breakers_open", dependency="shop") == 2
        scrape.counting.notice(BreakerChanged(first, is_open=False, error=""))
        assert scrape.value("breakers_open", dependency="shop") == 1
        assert scrape.value("breakers_open", dependency="shopify") == 0

    def test_shows_that_dead_letters_are_held_back(self) -> None:
        scrape = Scrape()
        assert scrape.value("dead_letters_held_back") == 0
        scrape.counting.notice(DeadLettersHeldBack(reached=True))
        assert scrape.value("dead_letters_held_back") == 1

    def test_counts_what_happens_to_shops(self) -> None:
        scrape = Scrape()
        assert scrape.value("shop_events_total", event="client-misconfigured") == 0
        for event in (ShopEvent.REFRESHED, ShopEvent.REFRESHED, ShopEvent.UNAVAILABLE):
            scrape.counting.notice(ShopChanged("user-1", "demo-shop.myshopify.com", event))
        assert scrape.value("shop_events_total", event="refreshed") == 2
        assert scrape.value("shop_events_total", event="unavailable") == 1

    def test_counts_orders_that_a_retry_has_stored_but_no_failure_twice(self) -> None:
        scrape = Scrape()
        scrape.counting.notice(BatchRetried(KEY, saved=4, failed=("invalid",)))
        assert scrape.value("orders_saved_total", sync_type="manual") == 4
        assert scrape.value("orders_failed_total", sync_type="manual", reason="invalid") == 0

    def test_counts_a_run_and_how_long_it_went_on(self) -> None:
        scrape = Scrape()
        scrape.counting.notice(RunChanged(KEY, "run-1", RunEvent.STARTED))
        scrape.counting.notice(
            RunChanged(KEY, "run-1", RunEvent.COMPLETED, lasted=timedelta(hours=2))
        )
        assert scrape.value("runs_total", sync_type="manual", event="started") == 1
        assert scrape.value("runs_total", sync_type="manual", event="completed") == 1
        assert scrape.value("run_duration_seconds_sum", sync_type="manual") == 7200

    def test_counts_waits_for_the_rate_limit(self) -> None:
        scrape = Scrape()
        scrape.counting.notice(
            WaitedForRateLimit(SourceName.GRAPHQL, timedelta(seconds=2.5), in_queue=False)
        )
        assert scrape.value("rate_limited_total", source="graphql") == 1
        assert scrape.value("rate_limit_wait_seconds_total", source="graphql") == 2.5

    def test_counts_retries_and_receives_that_failed(self) -> None:
        scrape = Scrape()
        scrape.counting.notice(Retried("shopify", "timed-out"))
        scrape.counting.notice(ReceiveFailed("connection", "no connection to SQS"))
        assert scrape.value("retries_total", target="shopify", reason="timed-out") == 1
        assert scrape.value("retries_total", target="sqs", reason="connection") == 1
        assert scrape.value("receive_errors_total", reason="connection") == 1

    def test_notes_when_it_last_saw_progress(self) -> None:
        scrape = Scrape()
        assert scrape.value("last_progress_timestamp_seconds") == 0
        scrape.counting.notice(TakenUp(KEY, "run-1", 3, timedelta(minutes=6)))
        assert scrape.value("last_progress_timestamp_seconds") == 0
        scrape.clock.advance(timedelta(seconds=90))
        scrape.counting.notice(a_page())
        assert scrape.value("last_progress_timestamp_seconds") == NOW.timestamp() + 90

    def test_asks_for_the_pages_in_flight_at_every_scrape(self) -> None:
        assert Scrape().value("pages_in_flight") == 3
