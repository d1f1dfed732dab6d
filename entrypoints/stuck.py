"""Workers that are at one message for longer than any work takes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from adapters.log_lines import stack
from domain.occurrences import Reported
from domain.ports import Clock, Observer
from entrypoints.in_hand import AtWork
from entrypoints.pulses import Pulse

STUCK_AFTER = timedelta(minutes=5)
"""All time-outs, retries and rate limits that a page may sit out in a worker take less."""


@dataclass(slots=True)
class StuckWorkers:
    """Each is named once for each delivery, with where its thread is: places only, no data."""

    pulse: Callable[[], Pulse]
    clock: Clock
    observer: Observer
    _named: frozenset[str] = field(default_factory=frozenset, init=False)

    def look(self) -> None:
        since = self.clock.monotonic() - STUCK_AFTER.total_seconds()
        stuck = [each for each in self.pulse().at_work if each.since <= since]
        for each in stuck:
            if each.receipt not in self._named:
                self.observer.notice(Reported("worker stuck", self._text(each)))
        self._named = frozenset(each.receipt for each in stuck)

    def _text(self, stuck: AtWork) -> str:
        seconds = round(self.clock.monotonic() - stuck.since)
        frame = sys._current_frames().get(stuck.thread.ident or 0)  # noqa: SLF001 - the only way
        places = " < ".join(reversed(stack(frame)))
        name = stuck.thread.name
        return f"{name} has been at message {stuck.message_id} for {seconds} s: {places}"
