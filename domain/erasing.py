"""Erasing what is stored of a user, or of one customer of a user's.

Both go the same way: the mark first, so that nothing is written any more that was not; then a wait,
until what was on its way has arrived; then the removal, which finds all there will ever be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.erasures import Erasure
from domain.occurrences import ErasureDone
from domain.ports import Clock, ErasureLedger, Observer, UserRecords

AT_ONCE = 200
"""Orders between two looks at the clock and the mark."""
BUDGET = timedelta(seconds=60)
"""Work of one call: a message that takes longer comes back and goes on."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many orders this call has erased, and how long to wait before the next; None: done."""

    orders: int
    wait: timedelta | None = None
    done_before: datetime | None = None
    """It was done already, at that time."""


@dataclass(frozen=True, slots=True)
class PurgeUser:
    """Remove everything of the user's from all tables; call it until it is done.

    The shop and the checkpoints go at once, which ends what runs. Afterwards only the mark is left.
    """

    ledger: ErasureLedger
    records: UserRecords
    observer: Observer
    clock: Clock
    settled_after: timedelta

    def __call__(self, user_id: str, request_id: str) -> Progress:
        asked = Erasure(user_id=user_id, since=self.clock.now(), request_id=request_id)
        mark = self.ledger.begin(asked)
        if mark.done_at is not None:
            return Progress(0, done_before=mark.done_at)
        settled = mark.since + self.settled_after <= self.clock.now()
        self.records.remove_state(user_id)
        if not settled:
            return Progress(0, mark.since + self.settled_after - self.clock.now())
        orders, until = 0, self.clock.monotonic() + BUDGET.total_seconds()
        while self.ledger.stands(mark):
            removed = self.records.remove_orders(user_id, AT_ONCE)
            orders += removed
            if not removed:
                break
            if self.clock.monotonic() >= until:
                return Progress(orders, timedelta(0))
        self.ledger.advance(replace(mark, done_at=self.clock.now()))
        self.observer.notice(ErasureDone("user"))
        return Progress(orders)


@dataclass(frozen=True, slots=True)
class RedactCustomer:
    """Take one customer out of the user's orders; call it until it is done.

    The orders stay, without their customer. The mark stays, too: what Shopify hands over of that
    customer later is stored without.
    """

    ledger: ErasureLedger
    records: UserRecords
    observer: Observer
    clock: Clock
    settled_after: timedelta

    def __call__(self, user_id: str, customer_id: str, order_ids: tuple[str, ...] = ()) -> Progress:
        asked = Erasure(
            user_id=user_id,
            customer_id=customer_id,
            order_ids=order_ids,
            since=self.clock.now(),
        )
        mark = self.ledger.begin(asked)
        if mark.done_at is not None:
            return Progress(0, done_before=mark.done_at)
        wait = mark.since + self.settled_after - self.clock.now()
        if wait > timedelta(0):
            return Progress(0, wait)
        orders, until = 0, self.clock.monotonic() + BUDGET.total_seconds()
        while True:
            redacted, after = self.records.redact_orders(mark, AT_ONCE)
            orders += redacted
            if after is None:
                break
            mark = replace(mark, after=after)
            if self.clock.monotonic() >= until:
                self.ledger.advance(mark)
                return Progress(orders, timedelta(0))
        self.ledger.advance(replace(mark, done_at=self.clock.now()))
        self.observer.notice(ErasureDone("customer"))
        return Progress(orders)
