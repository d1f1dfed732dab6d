"""Gauges whose values have to be asked for."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import CollectorRegistry

from adapters.prometheus_gauges import GOOD_FOR, Asked, Gauges
from domain.occurrences import Reported
from tests.at_hand import a_failed_batch
from tests.builders import GRACE, NOW, a_run
from tests.fakes.checkpoints import FakeCheckpoints
from tests.fakes.clock import FakeClock
from tests.fakes.failed_batches import FakeFailedBatches
from tests.fakes.inbox import FakeInbox
from tests.fakes.observer import FakeObserver


class Watched:
    """A world with one stalled run, one failed batch and two messages, one of them delayed."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.registry = CollectorRegistry()
        self.observer = FakeObserver()
        self.checkpoints = FakeCheckpoints(self.clock)
        self.failed_batches = FakeFailedBatches(a_failed_batch())
        self.inbox = FakeInbox(self.clock)
        self.inbox.put("{}")
        self.inbox.put("{}", delay=timedelta(seconds=120))
        self.checkpoints.given(a_run(due_at=NOW - GRACE - timedelta(seconds=1)))
        asked = Asked(self.checkpoints, self.failed_batches, self.inbox, self.clock, GRACE)
        self.gauges = Gauges(self.registry, asked, self.observer)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"shopify_sync_{name}", labels)


class TestGauges:
    def test_are_absent_until_they_were_read(self) -> None:
        assert Watched().value("failed_batches") is None

    def test_show_what_was_read(self) -> None:
        watched = Watched()
        watched.gauges.refresh()
        assert watched.value("stalled_runs") == 1
        assert watched.value("failed_batches") == 1
        assert watched.value("queue_messages", queue="source", state="visible") == 1
        assert watched.value("queue_messages", queue="source", state="delayed") == 1
        assert watched.value("queue_messages", queue="source", state="in-flight") == 0
        assert watched.value("queue_messages", queue="dlq", state="visible") == 0

    def test_keep_their_value_and_report_when_they_cannot_be_read(self) -> None:
        watched = Watched()
        watched.gauges.refresh()
        watched.failed_batches.fail_next()
        watched.inbox.put("{}")
        watched.gauges.refresh()
        assert watched.value("failed_batches") == 1
        assert watched.value("queue_messages", queue="source", state="visible") == 2
        [report] = watched.observer.of(Reported)
        assert report.subject == "failed_batches not read"

    def test_show_nothing_rather_than_an_old_value(self) -> None:
        watched = Watched()
        watched.gauges.refresh()
        watched.clock.advance(GOOD_FOR + timedelta(seconds=1))
        assert watched.value("failed_batches") is None
