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
from domain.occurrences import Reported
from domain.ports import CheckpointStore, Clock, Lease, LeaseKeeper, Observer

LONGEST_HOLD = timedelta(hours=12)
"""SQS hides a message no longer after it was received, and refuses to extend it beyond."""
LARGEST_MARGIN = timedelta(seconds=5)
_TICKS_PER_VISIBILITY = 3
_TICKS_AFTER_TROUBLE = 4
_MISSES = 2
"""A receipt that could not be extended so often in a row is let go: its message may be delivered
again, and the lease decides who works on it."""
_LAST_TICK_WITHIN = 5.0


class KeptLease(Lease):
    """A lease, good for so many seconds since it was asked for the last time it was granted."""

    def __init__(self, held: Checkpoint, clock: Clock, granted: float, good_for: float) -> None:
        self.held = held
        self._clock = clock
        self._granted = granted
        self._good_for = good_for
        self._lost = False

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

    Messages are extended in batches, from their receipt until their outcome is known or 12 hours
    have passed; leases one by one.
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

        A call that hangs is waited for 5 s.
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
        latest = self.clock.monotonic() + (self.visibility - LONGEST_HOLD).total_seconds()
        held = [m for m in self._messages.all() if m.since >= latest and m.misses < _MISSES]
        with self._messages.touching(held) as messages:
            if not messages:
                return True
            try:
                failed = self.inbox.extend(tuple(m.received for m in messages), self.visibility)
            except Failure as failure:
                self._report("messages not extended", failure.message)
                return False
            receipts = {each.receipt for each in failed}
            for message in messages:
                missed = message.received.receipt in receipts
                message.misses = message.misses + 1 if missed else 0
        return not failed

    def _extend(self, lease: KeptLease) -> bool:
        with self._leases.touching((lease,)) as still_held:
            if not still_held or lease.lost:
                return True
            asked = self.clock.monotonic()
            try:
                ours = self.checkpoints.extend(lease.held, self.clock.now() + self.visibility)
            except Failure as failure:
                self._report("lease not extended", failure.message)
                return False
            if ours:
                lease.extended(asked)
            else:
                lease.lose()
                run, page = lease.held.run_id, lease.held.page
                self._report("lease lost", f"page {page} of run {run} is somebody else's")
        return True

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
