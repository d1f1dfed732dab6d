"""One thread that keeps everything in hand ours: messages hidden, leases held."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Thread

from adapters.rounds import Rounds
from domain.checkpoints import Checkpoint
from domain.deliveries import Inbox, Received
from domain.failures import Failure, LeaseLost
from domain.occurrences import Extended, HoldLost, Reported
from domain.ports import CheckpointStore, Clock, Lease, LeaseKeeper, Observer

LONGEST_HIDING = timedelta(hours=12)
"""SQS hides a message no longer after it was received, and refuses to extend it beyond."""
LONGEST_WORK = timedelta(hours=1)
"""Every call has a time-out and a page takes minutes: who works for longer hangs, and somebody
else must get the page. A visibility time-out that is longer is the longest work instead."""
LARGEST_MARGIN = timedelta(seconds=5)
_TICKS_PER_VISIBILITY = 3
_TICKS_AFTER_TROUBLE = 4
_MISSES = 2
"""A receipt that could not be extended so often in a row is let go: its message may be delivered
again, and the lease decides who works on it."""
_LAST_TICK_WITHIN = 1.0


class KeptLease(Lease):
    """A lease, good for so many seconds since it was asked for the last time it was granted."""

    def __init__(self, held: Checkpoint, clock: Clock, granted: float, good_for: float) -> None:
        self.held = held
        self.since = granted
        self._clock = clock
        self._granted = granted
        self._good_for = good_for
        self._lost = False
        self.let_go = False
        """It is not extended any more, and ends by itself."""

    def assert_held(self) -> None:
        if self._lost or self._clock.monotonic() >= self._granted + self._good_for:
            raise LeaseLost("the lease is over, or somebody else has it")

    def extended(self, asked: float) -> None:
        """It was extended; `asked` is the monotonic time from before the store was asked."""
        self._granted = asked

    def lose(self) -> None:
        self._lost = True

    @property
    def lost(self) -> bool:
        return self._lost


@dataclass(slots=True, eq=False)
class _Message:
    received: Received
    since: float
    misses: int = 0


@dataclass(slots=True, eq=False)
class Heartbeat(LeaseKeeper):
    """Extends at every third of the visibility time-out, and sooner again after a failure.

    Messages are extended in batches, leases one by one: from the receipt until the outcome is
    known, for an hour at most.
    """

    inbox: Inbox
    checkpoints: CheckpointStore
    clock: Clock
    observer: Observer
    visibility: timedelta
    _messages: Rounds[_Message] = field(default_factory=Rounds, init=False)
    _leases: Rounds[KeptLease] = field(default_factory=Rounds, init=False)
    _ended: Event = field(default_factory=Event, init=False)
    _ticked_at: float | None = field(default=None, init=False)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """The thread runs until the context ends: then nothing is extended any more.

        A call that hangs is waited for 1 s.
        """
        self._ended.clear()
        thread = Thread(target=self._beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join(_LAST_TICK_WITHIN)

    @contextmanager
    def hold(self, received: Received) -> Iterator[None]:
        """Keep the message hidden; when the context ends no extension is under way."""
        with self._messages.hold(_Message(received, self.clock.monotonic())):
            yield

    @contextmanager
    def keep(self, held: Checkpoint, granted: float) -> Iterator[Lease]:
        margin = min(LARGEST_MARGIN, self.visibility / 5)
        good_for = (self.visibility - margin).total_seconds()
        with self._leases.hold(KeptLease(held, self.clock, granted, good_for)) as lease:
            yield lease

    @property
    def ticked_at(self) -> float | None:
        """When everything in hand was last gone round, by the monotonic clock; None: never."""
        return self._ticked_at

    def tick(self) -> bool:
        """Extend everything in hand once; False if something has to be tried again soon."""
        messages = self._extend_messages()
        leases = [self._extend(lease) for lease in self._leases.all()]
        self._ticked_at = self.clock.monotonic()
        return messages and all(leases)

    def _extend_messages(self) -> bool:
        held = [m for m in self._messages.all() if self._may_hold(m.since) and m.misses < _MISSES]
        with self._messages.touching(held) as messages:
            if not messages:
                return True
            try:
                failed = self.inbox.extend(tuple(m.received for m in messages), self.visibility)
            except Failure as failure:
                self._report("messages not extended", failure.message)
                self.observer.notice(Extended("message", 0, len(messages)))
                return False
            receipts = {each.receipt for each in failed}
            for message in messages:
                missed = message.received.receipt in receipts
                message.misses = message.misses + 1 if missed else 0
                if message.misses == _MISSES:
                    self.observer.notice(HoldLost("message", "it may be delivered again"))
            self.observer.notice(Extended("message", len(messages) - len(failed), len(failed)))
        return not failed

    def _may_hold(self, since: float) -> bool:
        """Whether an extension ends before the longest hold does."""
        longest = min(max(LONGEST_WORK, self.visibility), LONGEST_HIDING - self.visibility)
        return self.clock.monotonic() - since <= longest.total_seconds()

    def _extend(self, lease: KeptLease) -> bool:
        with self._leases.touching((lease,)) as still_held:
            if not still_held or lease.lost or lease.let_go:
                return True
            if not self._may_hold(lease.since):
                lease.let_go = True
                self._lost(lease, "has been worked on for as long as may be")
                return True
            asked = self.clock.monotonic()
            try:
                ours = self.checkpoints.extend(lease.held, self.clock.now() + self.visibility)
            except Failure as failure:
                self._report("lease not extended", failure.message)
                self.observer.notice(Extended("page", 0, 1))
                return False
            if ours:
                lease.extended(asked)
                self.observer.notice(Extended("page", 1, 0))
            else:
                lease.lose()
                self._lost(lease, "is somebody else's")
        return True

    def _lost(self, lease: KeptLease, why: str) -> None:
        self.observer.notice(
            HoldLost("page", f"page {lease.held.page} of run {lease.held.run_id} {why}")
        )

    def _beat(self) -> None:
        interval = self.visibility.total_seconds() / _TICKS_PER_VISIBILITY
        pause = interval
        while not self._ended.wait(pause):
            began = self.clock.monotonic()
            well = self._tick_whatever_happens()
            took = self.clock.monotonic() - began
            pause = max(interval - took, 0.0) if well else interval / _TICKS_AFTER_TROUBLE

    def _tick_whatever_happens(self) -> bool:
        try:
            return self.tick()
        except Exception as error:  # noqa: BLE001 - without this thread all work in hand is lost
            self._report("bug in the heartbeat", type(error).__name__)
            return False

    def _report(self, subject: str, text: str) -> None:
        self.observer.notice(Reported(subject, text))
