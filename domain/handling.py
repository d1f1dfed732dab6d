"""Every message that another service or we ourselves have published ends up here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from domain.continuing import ContinueRun
from domain.erasing import Progress, PurgeUser, RedactCustomer
from domain.failures import Failure
from domain.messages import (
    Continuation,
    Delivery,
    Message,
    PurgeRequest,
    RedactRequest,
    RetryBatch,
    SyncRequest,
)
from domain.occurrences import Reported
from domain.outcomes import Done, How, Later, Outcome, Why
from domain.ports import Chance, Observer
from domain.redelivery import backoff
from domain.requesting import AnswerRequest
from domain.retrying_batches import RetryFailedBatch


@dataclass(frozen=True, slots=True)
class HandleDelivery:
    """Exactly one outcome for each delivery.

    A failure that reaches this far means that the state could not be read or written, or that the
    queue could not be sent to: no attempt of the message is to blame, so it only waits.
    """

    answer_request: AnswerRequest
    continue_run: ContinueRun
    retry_batch: RetryFailedBatch
    purge: PurgeUser
    redact: RedactCustomer
    observer: Observer
    chance: Chance

    def __call__(self, delivery: Delivery) -> Outcome:
        try:
            return self._handle(delivery.message)
        except Failure as failure:
            self.observer.notice(Reported("delivery put off", failure.message))
            return Later(backoff(delivery.receive_count, self.chance.uniform()))

    def _handle(self, message: Message) -> Outcome:
        match message:
            case SyncRequest():
                return self.answer_request(message)
            case Continuation():
                return self.continue_run(message)
            case RetryBatch():
                return self.retry_batch(message)
            case PurgeRequest(user_id, request_id):
                return _outcome(self.purge(user_id, request_id))
            case RedactRequest(user_id, customer_id, order_ids):
                return _outcome(self.redact(user_id, customer_id, order_ids))
            case other:
                assert_never(other)


def _outcome(progress: Progress) -> Outcome:
    if progress.wait is not None:
        return Later(progress.wait, Why.ERASING)
    return Done(How.DONE if progress.done_before is None else How.DUPLICATE)
