"""The orders table in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import RLock

from domain.erasures import NOTHING, Erased
from domain.failures import Purged, Reason, Transient
from domain.orders import BATCH_SIZE, FailedOrder, Json, Order, OrderFailure, StoreReport
from domain.personal_data import CustomerData, allowed, completed, redacted
from domain.ports import ErasureLedger, Lease, OrderStore
from domain.shops import ConnectedShop

LARGEST_ORDER = 400 * 1024
DEEPEST = 32
FOREVER = 1_000_000
_PASSING = frozenset({OrderFailure.THROTTLED, OrderFailure.DATABASE_ERROR})


@dataclass(frozen=True, slots=True)
class StoredOrder:
    updated_at: datetime
    shop: str
    fields: Mapping[str, Json]


class FakeOrders(OrderStore):
    """Every order of every user; what goes wrong is said beforehand.

    Asks the lease once to look at what is stored, and once for every 25 orders.
    """

    def __init__(
        self, customer_data: CustomerData = "full", ledger: ErasureLedger | None = None
    ) -> None:
        self.customer_data = customer_data
        self.ledger = ledger
        self._redacted: set[tuple[str, str]] = set()
        self._lock = RLock()
        self._orders: dict[tuple[str, str], StoredOrder] = {}
        self._rejected: dict[str, OrderFailure] = {}
        self._failing = 0
        self._answers_to_lose = 0
        self.writes = 0
        """Orders written so far; one that is unchanged is not."""

    def reject(self, *order_ids: str, failure: OrderFailure = OrderFailure.INVALID) -> None:
        """From now on these orders cannot be stored."""
        with self._lock:
            self._rejected.update(dict.fromkeys(order_ids, failure))

    def accept(self, *order_ids: str) -> None:
        """Orders that were rejected can be stored again."""
        with self._lock:
            for order_id in order_ids:
                self._rejected.pop(order_id, None)

    def throttle(self, times: int = FOREVER) -> None:
        """The next saves store nothing at all."""
        with self._lock:
            self._failing = times

    def lose_next_answer(self) -> None:
        """The next save stores its orders, and its caller never knows."""
        with self._lock:
            self._answers_to_lose += 1

    def recover(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._failing = self._answers_to_lose = 0
            self._rejected.clear()

    def of(self, user_id: str) -> dict[str, StoredOrder]:
        """The user's stored orders, by id."""
        with self._lock:
            return {order: stored for (u, order), stored in self._orders.items() if u == user_id}

    def forget(self, user_id: str, most: int) -> int:
        """Remove so many of the user's orders at most; how many there were."""
        with self._lock:
            keys = [key for key in sorted(self._orders) if key[0] == user_id][:most]
            for key in keys:
                del self._orders[key]
                self._redacted.discard(key)
            return len(keys)

    def redact(self, user_id: str, erased: Erased, after: str, most: int) -> tuple[int, str | None]:
        """As `UserRecords.redact_orders` has it."""
        with self._lock:
            keys = [key for key in sorted(self._orders) if key[0] == user_id and key[1] > after]
            looked_at, rest = keys[:most], keys[most:]
            found = 0
            for key in looked_at:
                stored = self._orders[key]
                order = Order(key[1], stored.updated_at, stored.fields)
                if key not in self._redacted and erased.covers(order):
                    self._redacted.add(key)
                    self._orders[key] = replace(stored, fields=redacted(order).fields)
                    found += 1
            return found, looked_at[-1][1] if rest else None

    def save(self, shop: ConnectedShop, orders: tuple[Order, ...], lease: Lease) -> StoreReport:
        with self._lock:
            if orders:
                lease.assert_held()
            if self._failing:
                self._failing -= 1
                raise Transient(Reason.DATABASE_ERROR, "nothing could be written")
            if orders and self.ledger is not None and self.ledger.of(shop.user_id).user:
                raise Purged
            latest = _latest(orders)
            failed: dict[str, FailedOrder] = {}
            for start in range(0, len(latest), BATCH_SIZE):
                batch = latest[start : start + BATCH_SIZE]
                lease.assert_held()
                failed |= {o.order_id: why for o in batch if (why := self._store(shop, o))}
            if self._answers_to_lose:
                self._answers_to_lose -= 1
                raise Transient(Reason.DATABASE_ERROR, "the answer was lost")
            if len(failed) == len(latest) and any(f.failure in _PASSING for f in failed.values()):
                raise Transient(Reason.DATABASE_ERROR, "nothing could be written")
            return _report(orders, failed)

    def _store(self, shop: ConnectedShop, order: Order) -> FailedOrder | None:
        key = (shop.user_id, order.order_id)
        stored = self._orders.get(key)
        if stored and stored.updated_at > order.updated_at:
            return None
        erased = self.ledger.of(shop.user_id) if self.ledger is not None else NOTHING
        if erased.covers(order) or (stored and erased.names(stored.fields)):
            self._redacted.add(key)
        if key in self._redacted:
            order = redacted(order)
        elif stored:
            order = completed(order, stored.fields)
        order = allowed(order, self.customer_data)
        failure = self._rejected.get(order.order_id) or _unstorable(order)
        if failure:
            return FailedOrder(order.order_id, failure, f"the order is {failure}")
        new = StoredOrder(order.updated_at, shop.shop, order.fields)
        if stored != new:
            self._orders[key] = new
            self.writes += 1
        return None


def _unstorable(order: Order) -> OrderFailure | None:
    """What DynamoDB would not take, roughly: tests stay clear of the exact limits."""
    if not order.order_id or _depth(dict(order.fields)) > DEEPEST:
        return OrderFailure.INVALID
    try:
        text = json.dumps(order.fields, allow_nan=False, default=str)
        size = len(text.encode())
    except ValueError:
        return OrderFailure.INVALID
    return OrderFailure.TOO_LARGE if size > LARGEST_ORDER else None


def _depth(value: Json) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _latest(orders: Iterable[Order]) -> tuple[Order, ...]:
    latest: dict[str, Order] = {}
    for order in sorted(orders, key=lambda order: order.updated_at):
        latest[order.order_id] = order
    return tuple(latest.values())


def _report(orders: tuple[Order, ...], failed: dict[str, FailedOrder]) -> StoreReport:
    left = dict(failed)
    batches = []
    for start in range(0, len(orders), BATCH_SIZE):
        ids = (order.order_id for order in orders[start : start + BATCH_SIZE])
        batch = tuple(failure for i in ids if (failure := left.pop(i, None)))
        if batch:
            batches.append(batch)
    return StoreReport(len(orders) - len(failed), tuple(batches))
