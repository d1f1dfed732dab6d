"""What becomes of a page that could not be worked on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from domain.advancing import after_time_out
from domain.breakers import LONGEST_WAIT, TOLERANCES, Kind
from domain.checkpoints import Checkpoint, failed, failed_attempt, hindered, put_off
from domain.failures import Failure, LastError, Outage, Permanent, Reason, TimedOut, Transient
from domain.messages import PROBE
from domain.occurrences import AttemptFailed, RunChanged, RunEvent
from domain.outcomes import DeadLetter, Done, Later, Outcome, Why
from domain.policy import RunPolicy
from domain.ports import Chance, CheckpointStore, Clock, Observer, Refused
from domain.redelivery import backoff

_OF_THE_SHOP = frozenset({Reason.SHOP_UNAVAILABLE, Reason.SHOP_UNAUTHORIZED})
TOLERATED = TOLERANCES[Kind.SHOP].failures


@dataclass(frozen=True, slots=True)
class GiveUpPage:
    """Give the page up for now, or the run for good.

    A permanent failure ends the run at once, a transient one after `max_attempts`. A database that
    refuses is for an operator to mend and counts as transient, whatever it says: otherwise one
    missing permission would bury every message.

    What speaks of an outage counts no more from the fifth time on: several processes may have met
    it a few times each, too few for a breaker to open in any of them.
    """

    checkpoints: CheckpointStore
    observer: Observer
    clock: Clock
    chance: Chance
    policy: RunPolicy

    def __call__(self, held: Checkpoint, failure: Failure) -> Outcome:
        attempt = held.attempts + 1
        if an_outage(failure) and TOLERATED <= attempt < self.policy.max_attempts:
            return self.wait_out(held, failure, LONGEST_WAIT * (0.5 + self.chance.uniform() / 2))
        self.observer.notice(
            AttemptFailed(
                held.key, held.run_id, held.page, attempt, failure.reason, failure.message
            )
        )
        least = failure.retry_after if isinstance(failure, Transient) else None
        wait = max(backoff(attempt, self.chance.uniform()), least or timedelta(0))
        try:
            if _for_good(failure) or attempt >= self.policy.max_attempts:
                return self._fail(held, failure)
            return self._retry(held, failure, wait)
        except Transient:
            return Later(wait)

    def wait_out(self, held: Checkpoint, failure: Failure, wait: timedelta) -> Outcome:
        """Leave the page for that long because something else failed: no attempt counts.

        A page that timed out is made smaller all the same: it may be what took so long.
        """
        now = self.clock.now()
        new = put_off(hindered(held, failure, now), now, now + wait)
        new = self._smaller(new) if isinstance(failure, TimedOut) else new
        try:
            settled = self.checkpoints.settle(held, new)
        except Transient:
            return Later(wait, Why.AWAY)
        return self._overtaken() if isinstance(settled, Refused) else Later(wait, Why.AWAY)

    def _fail(self, held: Checkpoint, failure: Failure) -> Outcome:
        error = LastError(failure.reason, failure.message)
        result = self.checkpoints.settle(held, failed(held, error, self.clock.now()))
        if isinstance(result, Refused):
            return self._overtaken()
        self.observer.notice(RunChanged(held.key, held.run_id, RunEvent.FAILED))
        if failure.reason in _OF_THE_SHOP and _probing(held):
            return Done()
        return DeadLetter(failure.reason, failure.message)

    def _retry(self, held: Checkpoint, failure: Failure, wait: timedelta) -> Outcome:
        now = self.clock.now()
        error = LastError(failure.reason, failure.message)
        new = failed_attempt(held, error, now, now + wait)
        # Shopify fails on pages that are too much for it, too: not only by taking too long.
        if isinstance(failure, TimedOut) or (held.attempts and _is_shopifys(failure)):
            new = self._smaller(new)
        if isinstance(self.checkpoints.settle(held, new), Refused):
            return self._overtaken()
        return Later(wait)

    def _smaller(self, page: Checkpoint) -> Checkpoint:
        return replace(page, page_size=after_time_out(page.page_size or self.policy.page_size))

    def _overtaken(self) -> Outcome:
        return Later(self.policy.visibility, Why.BUSY)


def an_outage(failure: Failure) -> bool:
    """Nothing of a page can be stored only if the table is at fault: single orders never raise."""
    return isinstance(failure, Outage | TimedOut) or failure.reason is Reason.DATABASE_ERROR


def _probing(held: Checkpoint) -> bool:
    """Whether a probe is what asked for this page: what was away when it was sent still is.

    The next probe comes by itself, and who wants a letter has that of the run that found it out.
    """
    return held.chain.request_id.startswith(PROBE) and held.chain.request_page == held.page


def _is_shopifys(failure: Failure) -> bool:
    return isinstance(failure, Transient) and failure.reason is Reason.SHOPIFY_ERROR


def _for_good(failure: Failure) -> bool:
    return isinstance(failure, Permanent) and failure.reason is not Reason.DATABASE_ERROR
