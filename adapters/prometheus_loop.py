"""The metrics of the consumer loop: what it does with its time, its holds and its breakers."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge

from adapters.prometheus_metrics import OTHER, Maker, known
from domain.breakers import Kind
from domain.occurrences import (
    BreakerChanged,
    DeadLettersHeldBack,
    Extended,
    HoldLost,
    LoopSpent,
    MessageSettled,
    Occurrence,
    ReceiveFailed,
)

RELEASED = ("released", "away", "crowded", "held-back", "early", "preparing", "erasing")
"""Outcomes of messages that went back and count as nothing."""
DEPENDENCIES = tuple(kind.value for kind in Kind)
LOOP_STATES = ("waiting", "blocked", "working", "failing")
HELD = ("message", "page")
RESULTS = ("worked", "failed")
RECEIVE_REASONS = (
    "timed-out",
    "throttled",
    "server-error",
    "connection",
    "credentials-expired",
    "clock-skewed",
    "refused",
    OTHER,
)


@dataclass(frozen=True, slots=True)
class LoopMetrics:
    """One attribute for each metric; `at_nought` makes them."""

    released: Counter
    receive_errors: Counter
    extensions: Counter
    lost: Counter
    seconds: Counter
    breakers_open: Gauge
    held_back: Gauge

    @classmethod
    def at_nought(cls, registry: CollectorRegistry) -> LoopMetrics:
        """The metrics in that registry, each known combination of labels at 0."""
        make = Maker(registry)
        return cls(
            make.counter("messages_released", "Deliveries that went back", why=RELEASED),
            make.counter("receive_errors", "Polls that failed", reason=RECEIVE_REASONS),
            make.counter("lease_extensions", "Holds extended", of=HELD, result=RESULTS),
            make.counter("leases_lost", "Holds lost or let go", of=HELD),
            make.counter("loop_seconds", "Time of the poller", state=LOOP_STATES),
            make.gauge("breakers_open", "Dependencies that are away", dependency=DEPENDENCIES),
            make.gauge(
                "dead_letters_held_back", "1 while messages go back instead of being dead-lettered"
            ),
        )

    def notice(self, occurrence: Occurrence) -> None:
        """Count it, if it is about the loop."""
        match occurrence:
            case LoopSpent(state, took):
                self.seconds.labels(state).inc(took.total_seconds())
            case ReceiveFailed(reason):
                self.receive_errors.labels(known(reason, RECEIVE_REASONS)).inc()
            case MessageSettled(outcome=outcome) if outcome in RELEASED:
                self.released.labels(outcome).inc()
            case Extended(what, worked, failed):
                self.extensions.labels(what, "worked").inc(worked)
                self.extensions.labels(what, "failed").inc(failed)
            case HoldLost(what):
                self.lost.labels(what).inc()
            case BreakerChanged(dependency, is_open):
                self.breakers_open.labels(dependency.kind.value).inc(1 if is_open else -1)
            case DeadLettersHeldBack(reached):
                self.held_back.set(reached)
            case _:
                return
