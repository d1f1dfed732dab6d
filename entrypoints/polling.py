"""Asking the queue for messages: again and again, but never in a hot loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from domain.deliveries import Inbox, Received
from domain.failures import Failure, Interrupted
from domain.occurrences import ReceiveFailed
from domain.ports import Chance, Clock, Observer, Pause
from entrypoints.faults import is_fatal, kind_of

BRIEF_WAIT = timedelta(seconds=1)
"""The shortest long poll: SQS counts whole seconds, and with 0 asks only some of its servers."""
FIRST_WAIT = timedelta(seconds=0.5)
LONGEST_AT_FIRST = timedelta(seconds=8)
"""After a trouble of up to `AT_FIRST` the next poll comes no later than that."""
AT_FIRST = timedelta(seconds=60)
LONGEST_WAIT = timedelta(seconds=30)
FATAL_AFTER = timedelta(seconds=60)
_DOUBLINGS = 10


class Refused(Exception):
    """The queue cannot be consumed until a person mends something; `failure` says what."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(slots=True, kw_only=True)
class Polling:
    """Long polls of `wait`; after a failure a pause that doubles, a quarter of it jitter.

    The pause grows to 8 s in the first minute of failures, and to 30 s later.

    When SQS has refused us (no such queue, access denied, credentials, clock) and nothing else
    for `fatal_after`, `Refused` is raised.
    """

    inbox: Inbox
    wait: timedelta
    observer: Observer
    clock: Clock
    chance: Chance
    pause: Pause
    fatal_after: timedelta = FATAL_AFTER
    asked_at: float = field(default=0.0, init=False)
    """When the last poll began, by the monotonic clock: nothing of it was hidden before that."""
    polled_at: float | None = field(default=None, init=False)
    """When a poll last worked, by the monotonic clock."""
    failures: int = field(default=0, init=False)
    """Polls that failed since one worked."""
    failing_since: float | None = field(default=None, init=False)
    """When the first of them failed."""
    refusal: str | None = field(default=None, init=False)
    """What a person has to mend, as far as the last poll tells."""
    _refused_since: float | None = field(default=None, init=False)

    def __call__(self, limit: int) -> tuple[Received, ...]:
        """At most `limit` (1 to 10) messages; none after a failure, whose pause is sat out here."""
        return self._ask(limit, self.wait)

    def briefly(self, limit: int) -> tuple[Received, ...]:
        """The same, while something is in hand: a stop waits for no more than a second of it."""
        return self._ask(limit, min(self.wait, BRIEF_WAIT))

    def _ask(self, limit: int, wait: timedelta) -> tuple[Received, ...]:
        self.asked_at = self.clock.monotonic()
        try:
            messages = self.inbox.receive(limit, wait)
        except Failure as failure:
            self._failed(failure)
            return ()
        self.polled_at = self.clock.monotonic()
        self.failures, self._refused_since = 0, None
        self.failing_since = self.refusal = None
        return messages

    def _failed(self, failure: Failure) -> None:
        self.failures += 1
        if self.failing_since is None:
            self.failing_since = self.clock.monotonic()
        self.observer.notice(ReceiveFailed(kind_of(failure), failure.message))
        self._give_up_if_refused(failure)
        try:
            self.pause.wait(self._backoff())
        except Interrupted:
            return

    def _give_up_if_refused(self, failure: Failure) -> None:
        self.refusal = failure.message if is_fatal(failure) else None
        if self.refusal is None:
            self._refused_since = None
            return
        now = self.clock.monotonic()
        if self._refused_since is None:
            self._refused_since = now
        if now - self._refused_since >= self.fatal_after.total_seconds():
            raise Refused(failure)

    def _backoff(self) -> timedelta:
        longest = LONGEST_AT_FIRST if self._failing_for() < AT_FIRST else LONGEST_WAIT
        full = min(FIRST_WAIT * 2.0 ** min(self.failures - 1, _DOUBLINGS), longest)
        return full * (0.75 + self.chance.uniform() / 4)

    def _failing_for(self) -> timedelta:
        since = self.failing_since
        return timedelta(seconds=0.0 if since is None else self.clock.monotonic() - since)
