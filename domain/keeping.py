"""Orders of a page that could not be stored are kept where a person or a redrive finds them."""

from __future__ import annotations

from dataclasses import dataclass

from domain.checkpoints import Checkpoint
from domain.dead_lettering import HELD_BACK_FOR, LetterLimit
from domain.failed_batches import FailedBatch, summary
from domain.failures import Reason, Transient, Unavailable
from domain.messages import RetryBatch
from domain.occurrences import BatchKept
from domain.orders import StoreReport
from domain.ports import Clock, FailedBatchStore, Lease, Observer, Publisher


@dataclass(frozen=True, slots=True)
class KeepFailedBatches:
    """Record each batch, then put the message that retries it on the dead-letter queue.

    Both happen before the page advances: a crash in between repeats them, it loses nothing.

    A page none of whose orders can be stored is more likely our bug than theirs: it draws on the
    limit of dead letters, and waits (`Unavailable`) while that is used up.
    """

    failed_batches: FailedBatchStore
    publisher: Publisher
    observer: Observer
    clock: Clock
    limit: LetterLimit

    def __call__(self, run: Checkpoint, shop: str, report: StoreReport, lease: Lease) -> None:
        if report.failed and not report.saved:
            self._draw(report)
        for number, orders in enumerate(report.failed, start=1):
            lease.assert_held()
            reason, error = summary(orders)
            batch = self.failed_batches.add(
                FailedBatch(
                    key=run.key,
                    run_id=run.run_id,
                    page=run.page,
                    batch=number,
                    order_ids=tuple(order.order_id for order in orders),
                    reason=reason,
                    error=error,
                    created_at=self.clock.now(),
                    shop=shop,
                )
            )
            self.publisher.dead_letter(
                RetryBatch(run.key, batch.batch_id), Reason.FAILED_BATCH, error
            )
            self.observer.notice(
                BatchKept(run.key, run.run_id, run.page, batch.batch_id, batch.error)
            )

    def _draw(self, report: StoreReport) -> None:
        """One more than there are letters: the page's message will count as done, for once."""
        if not self.limit.draw(len(report.failed) + 1):
            _, error = summary(report.failed[0])
            text = f"no order of the page can be stored ({error}), as of too many before it"
            raise Unavailable(HELD_BACK_FOR, Transient(Reason.FAILED_BATCH, text))
