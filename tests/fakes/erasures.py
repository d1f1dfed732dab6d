"""Marks of erasures, and whatever is stored of users, in memory."""

from __future__ import annotations

from dataclasses import replace

from domain.erasures import Erased, Erasure
from domain.ports import Clock, ErasureLedger, UserRecords
from tests.fakes.checkpoints import FakeCheckpoints
from tests.fakes.failed_batches import FakeFailedBatches
from tests.fakes.faults import Faulty
from tests.fakes.orders import FakeOrders
from tests.fakes.shops import FakeShops


class FakeErasures(Faulty, ErasureLedger):
    """Every mark; `fail_next` and `lose_next_answer` say what goes wrong."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._marks: dict[tuple[str, str | None], Erasure] = {}

    def begin(self, asked: Erasure) -> Erasure:
        with self._call():
            stored = self._marks.get(_place(asked))
            mark = asked if stored is None else stored.asked_again(asked)
            self._marks[_place(asked)] = mark
            return mark

    def advance(self, mark: Erasure) -> None:
        with self._call():
            stored = self._marks.get(_place(mark))
            if stored is not None and stored.since == mark.since:
                done_at = mark.done_at or stored.done_at
                self._marks[_place(mark)] = replace(
                    stored, after=mark.after or stored.after, done_at=done_at
                )

    def stands(self, mark: Erasure) -> bool:
        with self._call():
            stored = self._marks.get(_place(mark))
            return stored is not None and (stored.since, stored.lifted_at) == (mark.since, None)

    def lift(self, user_id: str) -> bool:
        with self._call():
            stored = self._marks.get((user_id, None))
            if stored is None or stored.lifted_at is not None:
                return True
            if stored.done_at is None:
                return False
            self._marks[user_id, None] = replace(stored, lifted_at=self._clock.now())
            return True

    def of(self, user_id: str) -> Erased:
        with self._call():
            marks = [mark for (user, _), mark in self._marks.items() if user == user_id]
            customers = [mark for mark in marks if mark.customer_id is not None]
            return Erased(
                user=any(m.customer_id is None and m.lifted_at is None for m in marks),
                customers=frozenset(str(mark.customer_id) for mark in customers),
                orders=frozenset(order for mark in customers for order in mark.order_ids),
            )

    def purge_of(self, user_id: str) -> Erasure | None:
        with self._call():
            stored = self._marks.get((user_id, None))
            return None if stored is None or stored.lifted_at is not None else stored

    def forget_customers(self, user_id: str) -> None:
        with self._lock:
            gone = [key for key in self._marks if key[0] == user_id and key[1] is not None]
            for key in gone:
                del self._marks[key]


class FakeUserRecords(Faulty, UserRecords):
    """What the other fakes hold of users."""

    def __init__(
        self,
        shops: FakeShops,
        checkpoints: FakeCheckpoints,
        failed_batches: FakeFailedBatches,
        orders: FakeOrders,
        erasures: FakeErasures,
    ) -> None:
        super().__init__()
        self._stores = (shops, checkpoints, failed_batches)
        self._orders = orders
        self._erasures = erasures

    def remove_state(self, user_id: str) -> None:
        with self._call():
            for store in self._stores:
                store.forget(user_id)
            self._erasures.forget_customers(user_id)

    def remove_orders(self, user_id: str, most: int) -> int:
        with self._call():
            return self._orders.forget(user_id, most)

    def redact_orders(self, mark: Erasure, most: int) -> tuple[int, str | None]:
        with self._call():
            erased = Erased(
                customers=frozenset({str(mark.customer_id)}), orders=frozenset(mark.order_ids)
            )
            return self._orders.redact(mark.user_id, erased, mark.after or "", most)


def _place(mark: Erasure) -> tuple[str, str | None]:
    return mark.user_id, mark.customer_id
