"""The consumer loop: a message is received only if a worker is free for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from threading import Event, Thread, current_thread
from typing import Protocol

from adapters.heartbeat import Heartbeat
from domain.deliveries import Received
from domain.failures import Failure
from domain.occurrences import HoldLost, LoopSpent, Reported
from domain.outcomes import Done, GiveBack, How
from domain.ports import Clock, Observer
from entrypoints.bugs import kind_and_frames
from entrypoints.handling import Handle, Handled
from entrypoints.in_hand import InHand
from entrypoints.permits import Permits
from entrypoints.polling import Polling, Refused
from entrypoints.pulses import Pulse
from entrypoints.settling import SettleDelivery
from entrypoints.shutdown import LAST_CALLS
from entrypoints.workers import Workers

MOST_AT_ONCE = 10
"""SQS hands over no more in one ReceiveMessage."""
_TICK_EVERY = 1.0


class Stoppable(Protocol):
    """The waits of the whole process."""

    def stop(self) -> None:
        """End them all, those under way and those to come."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run of the consumer ended.

    `finished` is False if a worker or a poll was still at it when the grace was over: its thread
    may hang, and only the end of the process ends it. `failure` says why the queue cannot be
    consumed.
    """

    finished: bool
    failure: Failure | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Consumer:
    """Receives, has messages worked on by `workers` threads, settles each delivery once.

    `run` may be called once. `stop` ends it: nothing is received any more, what is not started is
    given back, what is being worked on has until `grace` after the stop and is given back then.
    """

    poll: Polling
    handle: Handle
    settle: SettleDelivery
    heartbeat: Heartbeat
    waits: Stoppable
    observer: Observer
    clock: Clock
    workers: int
    grace: timedelta
    _permits: Permits = field(init=False)
    _threads: Workers = field(init=False)
    _in_hand: InHand = field(default_factory=InHand, init=False)
    _stopping: Event = field(default_factory=Event, init=False)
    _stopped_at: float = field(default=0.0, init=False)
    _ticked_at: float = field(init=False)
    _failure: Failure | None = field(default=None, init=False)
    _bug: Exception | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._permits = Permits(self.workers)
        self._threads = Workers(self.workers, self._report_bug)
        self._ticked_at = self.clock.monotonic()

    def run(self) -> Ended:
        """Consume until `stop`, or until SQS has refused us for too long.

        Ends at most 4 s after the grace, whatever hangs. A bug in the loop itself is raised,
        after the same orderly end.
        """
        self._threads.start()
        with self.settle.going_on():
            with self.heartbeat.beating():
                loop = Thread(target=self._loop, name="poller", daemon=True)
                loop.start()
                self._stopping.wait()
                loop.join(max(self._grace_left(), 0.0))
                finished = self._permits.all_back(self._grace_left()) and not loop.is_alive()
            # Only now: a heartbeat would hide again what is made visible here.
            self._settle_the_rest()
        self._threads.end()
        if self._bug is not None:
            raise self._bug
        return Ended(finished, self._failure)

    def stop(self) -> None:
        """End `run`; may be called from any thread, and more than once."""
        if not self._stopping.is_set():
            self._stopped_at = self.clock.monotonic()
            self._stopping.set()
        self.waits.stop()
        self._permits.close()

    def pulse(self) -> Pulse:
        """How the consumer is doing; safe to ask from any thread."""
        return Pulse(
            ticked_at=self._ticked_at,
            polled_at=self.poll.polled_at,
            failing_polls=self.poll.failures,
            failing_since=self.poll.failing_since,
            refusal=self.poll.refusal,
            extended_at=self.heartbeat.ticked_at,
            busy_since=self._in_hand.since(),
            at_work=self._in_hand.at_work(),
            stopping=self._stopping.is_set(),
        )

    def _work(self, received: Received, began: float, hidden_since: float) -> None:
        self._in_hand.begin(received, current_thread())
        try:
            if self._is_visible_again(hidden_since):
                self._leave(received, began)
                return
            with self.heartbeat.hold(received):
                handled = self._handled(received)
            if self._in_hand.claim(received):
                self.settle(received, handled, began)
        finally:
            self._in_hand.remove(received)
            self._permits.give_back()

    def _loop(self) -> None:
        """In a thread of its own: nothing can end a long poll, but a stop need not wait for it."""
        try:
            while not self._stopping.is_set():
                self._round()
        except Refused as refused:
            self._failure = refused.failure
        except Exception as error:  # noqa: BLE001 - raised by `run`
            self._bug = error
        finally:
            self.stop()

    def _round(self) -> None:
        self._ticked_at = began = self.clock.monotonic()
        free = self._permits.take(MOST_AT_ONCE, _TICK_EVERY)
        asked = self._spent("blocked", began)
        started = 0
        try:
            messages = self._polled(free) if free else ()
            answered = self._spent("failing" if self.poll.failures else "waiting", asked)
            started = self._start(messages)
            self._spent("working", answered)
        finally:
            self._permits.give_back(free - started)

    def _polled(self, free: int) -> tuple[Received, ...]:
        """A poll under way cannot be ended: with work in hand it must not outlast that."""
        return self.poll(free) if self._permits.taken == free else self.poll.briefly(free)

    def _start(self, messages: tuple[Received, ...]) -> int:
        """What the last poll has brought: hidden since then, or a little later."""
        now, hidden_since = self.clock.monotonic(), self.poll.asked_at
        for received in messages:
            self._in_hand.add(received, now)
            self._threads.put(partial(self._work, received, now, hidden_since))
        return len(messages)

    def _is_visible_again(self, hidden_since: float) -> bool:
        """Whether it may be: this process has stood still between the poll and the work."""
        waited = self.clock.monotonic() - hidden_since
        return waited >= self.heartbeat.visibility.total_seconds()

    def _leave(self, received: Received, began: float) -> None:
        """Without a call: whoever has it by now keeps it."""
        if self._in_hand.claim(received):
            self.observer.notice(HoldLost("message", "it may be visible before its work began"))
            self.settle.leave(received, began)

    def _spent(self, state: str, since: float) -> float:
        now = self.clock.monotonic()
        if now > since:
            self.observer.notice(LoopSpent(state, timedelta(seconds=now - since)))
        return now

    def _handled(self, received: Received) -> Handled:
        if received.message_id in self.settle.undeleted:
            return Handled(Done(How.DUPLICATE))
        if self._stopping.is_set():
            return Handled(GiveBack())
        return self.handle(received)

    def _settle_the_rest(self) -> None:
        """The hard deadline: SQS may hang as well, and the orchestrator waits no longer."""
        rest = partial(self._last_calls, self._in_hand.claim_all())
        last = Thread(target=rest, name="last-calls", daemon=True)
        last.start()
        last.join(LAST_CALLS.total_seconds())

    def _last_calls(self, unfinished: tuple[tuple[Received, float], ...]) -> None:
        self.settle.at_the_end(unfinished)
        self.settle.wait()

    def _grace_left(self) -> float:
        return self._stopped_at + self.grace.total_seconds() - self.clock.monotonic()

    def _report_bug(self, error: Exception) -> None:
        self.observer.notice(Reported("bug in a worker", kind_and_frames(error)))
