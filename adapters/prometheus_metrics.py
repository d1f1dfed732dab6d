"""The metrics: names, types and labels as documented, every known label combination at nought.

A combination that is there from the start lets `rate()` see the first failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from domain.caveats import CaveatKind
from domain.checkpoints import SourceName
from domain.comparisons import Verdict
from domain.failures import Reason
from domain.messages import SyncType
from domain.occurrences import RunEvent, ShopEvent
from domain.orders import OrderFailure

PREFIX = "shopify_sync"
OTHER = "other"
"""What a value outside of a closed set is counted as, so that no label ever grows without bound."""

SYNC_TYPES = tuple(kind.value for kind in SyncType)
SOURCES = tuple(source.value for source in SourceName)
ORDER_FAILURES = (*(failure.value for failure in OrderFailure), OTHER)
MESSAGE_TYPES = ("sync-page", "retry-batch", "purge-user", "redact-customer", "invalid", OTHER)
ERASED = ("user", "customer")
OUTCOMES = ("done", "stale", "duplicate", "busy", "retried", "dead-lettered")
RUN_EVENTS = tuple(event.value for event in RunEvent)
SHOP_EVENTS = tuple(event.value for event in ShopEvent)
CAVEATS = tuple(kind.value for kind in CaveatKind)
VERDICTS = tuple(verdict.value for verdict in Verdict)
DIFFERENCES = (Verdict.MISSING.value, Verdict.SURPLUS.value)
PHASES = ("fetch", "store", "total")
TARGETS = ("shopify", "dynamodb", "sqs")
RETRY_REASONS = (
    "timed-out",
    "throttled",
    "unprocessed",
    "server-error",
    "connection",
    "credentials-expired",
    "clock-skewed",
    "refused",
    Reason.SHOPIFY_ERROR.value,
    Reason.DATABASE_ERROR.value,
    OTHER,
)
REASONS = (*(reason.value for reason in Reason), OTHER)

PAGE_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
"""A page takes a second or two; with retries and rate limits, minutes."""
_HOUR, _DAY = 3600, 86_400
RUN_SECONDS = (1, 10, 60, 300, 900, _HOUR, 4 * _HOUR, 12 * _HOUR, _DAY, 3 * _DAY, 7 * _DAY)
"""From a daily sync with nothing new to a large shop's first, at two minutes a page."""


def known(value: str | None, closed: Sequence[str]) -> str:
    """The value if it is of the closed set, else `other`."""
    return value if value is not None and value in closed else OTHER


@dataclass(frozen=True, slots=True)
class Metrics:
    """One attribute for each metric; `at_nought` makes them."""

    pages: Counter
    orders_saved: Counter
    orders_failed: Counter
    messages: Counter
    runs: Counter
    run_duration: Histogram
    page_duration: Histogram
    retries: Counter
    rate_limited: Counter
    rate_limit_wait: Counter
    dead_letters: Counter
    shop_events: Counter
    erasures: Counter
    last_progress: Gauge
    run_warnings: Counter
    run_counts: Counter
    count_differences: Counter

    @classmethod
    def at_nought(cls, registry: CollectorRegistry) -> Metrics:
        """The metrics in that registry, each known combination of labels at 0."""
        make = Maker(registry)
        types = {"sync_type": SYNC_TYPES}
        by_source = {"source": SOURCES}
        return cls(
            make.counter("pages", "Pages stored and advanced", **types, **by_source),
            make.counter("orders_saved", "Orders stored or found unchanged", **types),
            make.counter(
                "orders_failed", "Orders that could not be stored", **types, reason=ORDER_FAILURES
            ),
            make.counter("messages", "Deliveries settled", type=MESSAGE_TYPES, outcome=OUTCOMES),
            make.counter("runs", "What happened to runs", **types, event=RUN_EVENTS),
            make.histogram(
                "run_duration", "First page to last, pauses included", RUN_SECONDS, types
            ),
            make.histogram(
                "page_duration", "Work on one page", PAGE_SECONDS, {**types, "phase": PHASES}
            ),
            make.counter(
                "retries", "Calls that were tried again", target=TARGETS, reason=RETRY_REASONS
            ),
            make.counter("rate_limited", "Times a source asked for a wait", **by_source),
            make.counter("rate_limit_wait_seconds", "Waits a source asked for", **by_source),
            make.counter("dead_letters", "Messages sent to the dead-letter queue", reason=REASONS),
            make.counter("shop_events", "What happened to shops and tokens", event=SHOP_EVENTS),
            make.counter("erasures", "Users purged, customers redacted", what=ERASED),
            make.gauge(
                "last_progress_timestamp_seconds",
                "When this process last stored a page or completed a run; 0 until it has",
            ),
            make.counter("run_warnings", "Runs whose result has a caveat", kind=CAVEATS),
            make.counter(
                "run_counts", "Runs put beside Shopify's count", **types, verdict=VERDICTS
            ),
            make.counter(
                "count_differences", "Orders by which the counts differ", verdict=DIFFERENCES
            ),
        )


@dataclass(frozen=True, slots=True)
class Maker:
    registry: CollectorRegistry

    def counter(self, name: str, text: str, **labels: tuple[str, ...]) -> Counter:
        made = Counter(name, text, tuple(labels), namespace=PREFIX, registry=self.registry)
        _touch(made, labels.values())
        return made

    def histogram(
        self, name: str, text: str, buckets: Sequence[float], labels: dict[str, tuple[str, ...]]
    ) -> Histogram:
        made = Histogram(
            name,
            text,
            tuple(labels),
            namespace=PREFIX,
            unit="seconds",
            registry=self.registry,
            buckets=buckets,
        )
        _touch(made, labels.values())
        return made

    def gauge(self, name: str, text: str, **labels: tuple[str, ...]) -> Gauge:
        made = Gauge(name, text, tuple(labels), namespace=PREFIX, registry=self.registry)
        if labels:
            _touch(made, labels.values())
        return made


def _touch(metric: Counter | Histogram | Gauge, values: Iterable[tuple[str, ...]]) -> None:
    for combination in product(*values):
        metric.labels(*combination)
