"""Gauges whose values have to be asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from adapters.prometheus_metrics import PREFIX
from domain.deliveries import Inbox, QueueDepth
from domain.failures import Failure
from domain.occurrences import Reported
from domain.ports import CheckpointStore, Clock, FailedBatchStore, Observer

GOOD_FOR = timedelta(minutes=5)

Labels: TypeAlias = tuple[str, ...]
Values: TypeAlias = Mapping[Labels, float]


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom the gauges ask, and from when on a run counts as stalled."""

    checkpoints: CheckpointStore
    failed_batches: FailedBatchStore
    inbox: Inbox
    clock: Clock
    stall_grace: timedelta

    def stalled_runs(self) -> Values:
        overdue = self.clock.now() - self.stall_grace
        return {(): self.checkpoints.count_due_before(overdue)}

    def open_failed_batches(self) -> Values:
        return {(): self.failed_batches.count()}

    def queue_messages(self) -> Values:
        depths = self.inbox.depths().items()
        return {key: count for queue, depth in depths for key, count in _states(queue, depth)}


class Gauges(Collector):
    """Open failed batches, stalled runs and the depths of the queues, as of the last `refresh`.

    Every worker asks for the same numbers: take their maximum, never their sum. A number that
    cannot be read keeps its last value for five minutes; then, as before its first reading, its
    series is absent: a gap is the truth, an old value is not.
    """

    def __init__(self, registry: CollectorRegistry, asked: Asked, observer: Observer) -> None:
        self._observer = observer
        self._clock = asked.clock
        self._gauges = (
            _Gauge("stalled_runs", "Runs past due that nobody works on", (), asked.stalled_runs),
            _Gauge("failed_batches", "Open failed batches", (), asked.open_failed_batches),
            _Gauge(
                "queue_messages",
                "Messages in the queues, approximately",
                ("queue", "state"),
                asked.queue_messages,
            ),
        )
        registry.register(self)

    def refresh(self) -> None:
        """Ask for every number; what cannot be read is reported. Never raises a `Failure`."""
        for gauge in self._gauges:
            try:
                gauge.values = gauge.ask()
                gauge.read_at = self._clock.monotonic()
            except Failure as failure:
                self._observer.notice(Reported(f"{gauge.name} not read", failure.message))

    def collect(self) -> Iterator[Metric]:
        oldest = self._clock.monotonic() - GOOD_FOR.total_seconds()
        for gauge in self._gauges:
            yield gauge.family(oldest)


@dataclass(slots=True)
class _Gauge:
    name: str
    text: str
    labels: Labels
    ask: Callable[[], Values]
    values: Values = field(default_factory=dict)
    read_at: float = 0.0

    def family(self, oldest: float) -> GaugeMetricFamily:
        family = GaugeMetricFamily(f"{PREFIX}_{self.name}", self.text, labels=self.labels)
        if self.read_at >= oldest:
            for labels, value in self.values.items():
                family.add_metric(labels, value)
        return family


def _states(queue: str, depth: QueueDepth) -> Iterator[tuple[Labels, float]]:
    yield (queue, "visible"), depth.visible
    yield (queue, "in-flight"), depth.in_flight
    yield (queue, "delayed"), depth.delayed
