"""What happened, counted for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    Metric,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.gc_collector import GCCollector
from prometheus_client.registry import Collector

from adapters.prometheus_loop import LoopMetrics
from adapters.prometheus_metrics import (
    ERASED,
    MESSAGE_TYPES,
    ORDER_FAILURES,
    OUTCOMES,
    PREFIX,
    REASONS,
    RETRY_REASONS,
    TARGETS,
    Metrics,
    known,
)
from domain.comparisons import Comparison
from domain.failures import Reason
from domain.occurrences import (
    BatchKept,
    BatchRetried,
    ErasureDone,
    MessageSettled,
    Occurrence,
    PageStored,
    ReceiveFailed,
    Retried,
    RunChanged,
    RunCompared,
    RunEvent,
    RunWarned,
    ShopChanged,
    WaitedForRateLimit,
)
from domain.ports import Clock, Observer

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_DEAD_LETTERED = "dead-lettered"


class Counting(Observer):
    """Turns occurrences into metrics of the given registry.

    No user, shop or order is ever a label; a reason nobody has heard of counts as `other`.
    """

    def __init__(self, registry: CollectorRegistry, clock: Clock, version: str) -> None:
        self._metrics = Metrics.at_nought(registry)
        self._loop = LoopMetrics.at_nought(registry)
        self._registry = registry
        self._clock = clock
        build = Gauge("build_info", "Which version runs", ("version",), PREFIX, registry=registry)
        build.labels(version).set(1)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)

    def watch_pages_in_flight(self, count: Callable[[], float]) -> None:
        """Ask `count` at every scrape how many pages are being worked on."""
        gauge = Gauge(
            "pages_in_flight", "Pages being worked on", namespace=PREFIX, registry=self._registry
        )
        gauge.set_function(count)

    def exposition(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(_WithoutCreationTimes(self._registry))

    def notice(self, occurrence: Occurrence) -> None:  # noqa: C901, PLR0912 - one for each kind
        self._loop.notice(occurrence)
        match occurrence:
            case PageStored():
                self._page_stored(occurrence)
            case RunChanged():
                self._run_changed(occurrence)
            case RunWarned(caveat=caveat):
                self._metrics.run_warnings.labels(caveat.kind.value).inc()
            case RunCompared(key, _, comparison):
                self._compared(key.sync_type.value, comparison)
            case MessageSettled():
                self._settled(occurrence)
            case BatchKept():
                self._metrics.dead_letters.labels(Reason.FAILED_BATCH.value).inc()
            case BatchRetried(key, saved):
                # Those that failed again were counted as failed when their page was stored.
                self._metrics.orders_saved.labels(key.sync_type.value).inc(saved)
            case Retried(target, reason):
                self._retried(known(target, TARGETS), reason)
            case ErasureDone(what):
                self._metrics.erasures.labels(known(what, ERASED)).inc()
            case ReceiveFailed(reason):
                self._retried("sqs", reason)
            case WaitedForRateLimit(source, wait):
                self._metrics.rate_limited.labels(source.value).inc()
                # A clock that was set back can make a wait negative, which a counter refuses.
                seconds = max(wait.total_seconds(), 0.0)
                self._metrics.rate_limit_wait.labels(source.value).inc(seconds)
            case ShopChanged(event=event):
                self._metrics.shop_events.labels(event.value).inc()
            case _:
                return

    def _page_stored(self, page: PageStored) -> None:
        kind = page.key.sync_type.value
        self._metrics.pages.labels(kind, page.source.value).inc()
        self._metrics.orders_saved.labels(kind).inc(page.saved)
        for failure in page.failed:
            self._metrics.orders_failed.labels(kind, known(failure, ORDER_FAILURES)).inc()
        for phase, took in (("fetch", page.fetch), ("store", page.store), ("total", page.total)):
            self._metrics.page_duration.labels(kind, phase).observe(took.total_seconds())
        self._progress()

    def _run_changed(self, change: RunChanged) -> None:
        kind = change.key.sync_type.value
        self._metrics.runs.labels(kind, change.event.value).inc()
        if change.event is RunEvent.COMPLETED:
            self._progress()
        if change.lasted is not None:
            self._metrics.run_duration.labels(kind).observe(change.lasted.total_seconds())

    def _compared(self, kind: str, comparison: Comparison) -> None:
        verdict = comparison.verdict.value
        self._metrics.run_counts.labels(kind, verdict).inc()
        if comparison.difference:
            self._metrics.count_differences.labels(verdict).inc(abs(comparison.difference))

    def _settled(self, message: MessageSettled) -> None:
        """A message that went back is not settled."""
        if message.outcome not in OUTCOMES:
            return
        kind = known(message.message_type, MESSAGE_TYPES)
        self._metrics.messages.labels(kind, message.outcome).inc()
        if message.outcome == _DEAD_LETTERED:
            self._metrics.dead_letters.labels(known(message.reason, REASONS)).inc()

    def _retried(self, target: str, reason: str) -> None:
        self._metrics.retries.labels(target, known(reason, RETRY_REASONS)).inc()

    def _progress(self) -> None:
        self._metrics.last_progress.set(self._clock.now().timestamp())


class _WithoutCreationTimes(Collector):
    """The registry without the `_created` series, which double their number and say little.

    The library's own switch for them is one for the whole process.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        for metric in self._registry.collect():
            metric.samples = [s for s in metric.samples if not s.name.endswith("_created")]
            yield metric
