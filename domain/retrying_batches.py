"""A failed batch tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from domain.breakers import LONGEST_WAIT
from domain.checkpoints import SourceName
from domain.failed_batches import FailedBatch, summary
from domain.failures import (
    Failure,
    Interrupted,
    LeaseLost,
    Permanent,
    Purged,
    RateLimited,
    Reason,
    Transient,
    Unavailable,
)
from domain.giving_up import TOLERATED, an_outage
from domain.leases import FixedLease
from domain.messages import RetryBatch
from domain.occurrences import BatchRetried
from domain.orders import StoreReport
from domain.outcomes import DeadLetter, Done, GiveBack, How, Later, Outcome, Why
from domain.policy import RunPolicy
from domain.ports import (
    Chance,
    Clock,
    FailedBatchStore,
    Observer,
    OrderSource,
    OrderStore,
    Publisher,
)
from domain.reaching import FindShop
from domain.redelivery import backoff

_TOO_SLOW = Transient(Reason.DATABASE_ERROR, "the orders could not be stored in time")
"""Nobody else works on a batch: its lease is over because this took too long, and it may again."""


@dataclass(frozen=True, slots=True)
class RetryFailedBatch:
    """Fetch the batch's orders as they are now and store them; what is stored is forgotten.

    An order that no longer exists at the source has nothing left to store. The run's totals stay
    as they are: they say what happened when its pages were read.
    """

    failed_batches: FailedBatchStore
    find_shop: FindShop
    sources: Mapping[SourceName, OrderSource]
    orders: OrderStore
    publisher: Publisher
    observer: Observer
    clock: Clock
    chance: Chance
    policy: RunPolicy

    def __call__(self, message: RetryBatch) -> Outcome:  # noqa: PLR0911 - one for each way it ends
        if message.batch_id is None:
            return self._each(message)
        batch = self.failed_batches.find(message.key, message.batch_id)
        if batch is None:
            return Done(How.STALE)
        try:
            return self._after(batch, self._store(batch))
        except LeaseLost:
            return self._failed(batch, _TOO_SLOW)
        except Purged:
            self.failed_batches.remove(batch)
            return Done(How.STALE)
        except Interrupted:
            return GiveBack()
        except RateLimited as limit:
            return Later(limit.wait)
        except Unavailable as away:
            return Later(away.wait, Why.AWAY)
        except Failure as failure:
            return self._failed(batch, failure)

    def _each(self, message: RetryBatch) -> Outcome:
        """A message for each: one batch that fails again keeps no other from being retried."""
        batches = self.failed_batches.of(message.key)
        for batch in batches:
            self.publisher.publish(RetryBatch(message.key, batch.batch_id), timedelta(0))
        return Done() if batches else Done(How.STALE)

    def _store(self, batch: FailedBatch) -> StoreReport:
        """The lease begins before the fetch: what was read too long ago is not stored any more."""
        lease = FixedLease.lasting(self.clock, self.policy.visibility * 0.8)
        shop = self.find_shop(batch.key.user_id, batch.shop)
        source = self.sources[self.policy.sources[batch.key.sync_type]]
        orders = source.fetch_orders(shop, batch.order_ids)
        return self.orders.save(shop, orders, lease)

    def _after(self, batch: FailedBatch, report: StoreReport) -> Outcome:
        failed = tuple(order for orders in report.failed for order in orders)
        self.observer.notice(
            BatchRetried(batch.key, report.saved, tuple(order.failure.value for order in failed))
        )
        if not failed:
            self.failed_batches.remove(batch)
            return Done()
        reason, error = summary(failed)
        left = tuple(order.order_id for order in failed)
        again = replace(
            batch, order_ids=left, reason=reason, error=error, attempts=batch.attempts + 1
        )
        self.failed_batches.update(again)
        for_good = all(order.failure.for_good for order in failed)
        return self._verdict(again, Reason.FAILED_BATCH, for_good=for_good)

    def _failed(self, batch: FailedBatch, failure: Failure) -> Outcome:
        again = replace(batch, error=failure.message, attempts=batch.attempts + 1)
        if an_outage(failure) and again.attempts % self.policy.max_attempts >= TOLERATED:
            return Later(LONGEST_WAIT * (0.5 + self.chance.uniform() / 2), Why.AWAY)
        try:
            self.failed_batches.update(again)
        except Transient:
            return Later(backoff(again.attempts, self.chance.uniform()))
        return self._verdict(again, failure.reason, for_good=isinstance(failure, Permanent))

    def _verdict(self, batch: FailedBatch, reason: Reason, *, for_good: bool) -> Outcome:
        """Every redrive gets the full number of attempts; the batch counts them all."""
        if for_good or batch.attempts % self.policy.max_attempts == 0:
            return DeadLetter(reason, batch.error)
        return Later(backoff(batch.attempts % self.policy.max_attempts, self.chance.uniform()))
