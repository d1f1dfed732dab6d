"""Whether the worker lives, and whether it can work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from adapters.dead_letter_limit import DeadLetterLimit
from domain.failures import Failure
from domain.ports import Clock
from entrypoints.ops_server import Answer, Verdict
from entrypoints.pulses import Pulse

LONGEST_ROUND = timedelta(seconds=90)
"""A long poll, its time-outs and the longest pause after a failure take less than a minute."""
LONGEST_WORK = timedelta(hours=1)
"""Every call has a time-out, a page takes minutes at most: a worker busy for longer hangs."""
LONGEST_SILENCE = timedelta(minutes=5)
"""Polls that fail for longer than outages of SQS last may work again from a new process."""
QUEUE = "queue"
DEAD_LETTERS = "dead-letters"


@dataclass(frozen=True, slots=True)
class Liveness:
    """Alive while the loop comes round and polls work, the heartbeat beats, not all workers hang.

    A loop that comes round and polls in vain for minutes is no life.
    """

    pulse: Callable[[], Pulse]
    clock: Clock
    workers: int
    visibility: timedelta

    def __call__(self) -> Answer:
        pulse, now = self.pulse(), self.clock.monotonic()
        busy = sorted(now - since for since in pulse.busy_since)
        facts = {
            "loopSecondsAgo": _age(now, pulse.ticked_at),
            "pollSecondsAgo": _age(now, pulse.polled_at),
            "failingPolls": pulse.failing_polls,
            "heartbeatSecondsAgo": _age(now, pulse.extended_at),
            "busyWorkers": len(busy),
            "workersBusySeconds": [round(seconds, 1) for seconds in busy],
            "workers": {
                each.thread.name: round(now - each.since, 1)
                for each in sorted(pulse.at_work, key=lambda each: each.since)
            },
            "stopping": pulse.stopping,
        }
        well = pulse.alive(now, LONGEST_ROUND) and not (
            self._heart_stopped(pulse, now) or self._all_hang(busy) or self._in_vain(pulse, now)
        )
        return Verdict(well, facts).answer()

    def _heart_stopped(self, pulse: Pulse, now: float) -> bool:
        if pulse.extended_at is None or pulse.stopping:
            return False
        return now - pulse.extended_at > (self.visibility + LONGEST_ROUND).total_seconds()

    def _in_vain(self, pulse: Pulse, now: float) -> bool:
        if pulse.failing_since is None or pulse.stopping:
            return False
        return now - pulse.failing_since > LONGEST_SILENCE.total_seconds()

    def _all_hang(self, busy: list[float]) -> bool:
        return len(busy) >= self.workers and busy[0] > LONGEST_WORK.total_seconds()


@dataclass(slots=True)
class Readiness:
    """Ready once each part was reached, and while the queue answers and takes our dead letters.

    A part that was reached once counts as reached: what fails later is the work's to tell.
    """

    pulse: Callable[[], Pulse]
    parts: Mapping[str, Callable[[], object]]
    limit: DeadLetterLimit
    _missing: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._missing = dict.fromkeys(self.parts, "not tried yet")

    def look(self) -> None:
        """Try the parts that were not reached yet."""
        for part in tuple(self._missing):
            try:
                self.parts[part]()
            except Failure as failure:
                self._missing[part] = failure.message
            else:
                del self._missing[part]

    def __call__(self) -> Answer:
        missing = dict(self._missing)
        pulse = self.pulse()
        if pulse.stopping:
            missing[QUEUE] = "the worker stops"
        elif not pulse.ready:
            missing[QUEUE] = _why_not(pulse)
        if self.limit.reached:
            missing[DEAD_LETTERS] = "too many messages would be dead-lettered: they go back instead"
        return Verdict(not missing, {"missing": missing}).answer()


def _why_not(pulse: Pulse) -> str:
    if pulse.refusal is not None:
        return pulse.refusal
    return "it does not answer" if pulse.failing_polls else "not tried yet"


def _age(now: float, then: float | None) -> float | None:
    return None if then is None else round(now - then, 1)
