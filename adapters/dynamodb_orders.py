"""The orders table: what has not changed is not written, what is newer is not overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from adapters.aws_failures import translated
from adapters.dynamodb_items import instant_text
from adapters.dynamodb_order_calls import Patience, PatientCalls
from adapters.dynamodb_order_items import OrderItem, order_item, unusable_key
from adapters.dynamodb_order_writes import OrderWrites
from adapters.dynamodb_stored_orders import NEW, StoredVersion, stored_versions
from domain.erasures import NOTHING, Erased
from domain.failures import Reason, Transient
from domain.fences import Fence
from domain.orders import BATCH_SIZE, FailedOrder, Order, OrderFailure, StoreReport
from domain.personal_data import CustomerData, allowed
from domain.ports import Chance, Clock, ErasureLedger, Lease, Observer, OrderStore, Pause
from domain.shops import ConnectedShop

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient

_ROUNDS = 4
"""Looks at an order that others write at the same time."""
_PASSING = frozenset({OrderFailure.THROTTLED, OrderFailure.DATABASE_ERROR})


class WriteMode(StrEnum):
    """How orders are written."""

    BATCH = "batch"
    """New orders 25 a call, changed ones each under a condition."""
    TRANSACTION = "transaction"
    """Every order under a condition, 25 a call, at twice the price: an older version never wins,
    not even for a moment."""


@dataclass(frozen=True, slots=True)
class OrderTable:
    """Where orders are written to and how; the client is one that `order_client` makes."""

    client: DynamoDBClient
    name: str
    mode: WriteMode = WriteMode.BATCH
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class DynamoOrders(OrderStore):
    """The orders table. All retries are here: the client makes one attempt.

    Waits end with `Interrupted` when the process stops.
    """

    table: OrderTable
    clock: Clock
    chance: Chance
    pause: Pause
    observer: Observer
    erasures: ErasureLedger
    customer_data: CustomerData = "minimal"

    def save(self, shop: ConnectedShop, orders: tuple[Order, ...], lease: Lease) -> StoreReport:
        table = self.table
        fence = Fence(lease, self.erasures, self.clock, shop.user_id)
        calls = PatientCalls(fence, self.chance, self.pause, self.observer, table.patience)
        writes = OrderWrites(table.client, table.name, calls)
        latest = _latest(orders)
        with translated(f"table {table.name}"):
            self._store(shop, latest, writes, fence)
        failed = {order.order_id: order for order in writes.failed}
        if failed and len(failed) == len(latest):
            self._raise_if_it_may_pass(writes.failed)
        return _report(orders, failed)

    def _store(
        self, shop: ConnectedShop, latest: dict[str, Order], writes: OrderWrites, fence: Fence
    ) -> None:
        unusable = {i: failure for i in latest if (failure := unusable_key(i))}
        writes.failed.extend(unusable.values())
        left = [order for i, order in latest.items() if i not in unusable]
        for _ in range(_ROUNDS):
            self._write(shop, left, writes, fence)
            left = [order for order in left if order.order_id in writes.overtaken]
            writes.overtaken.clear()
            if not left:
                return
        writes.failed.extend(_kept_from(order, "others keep writing it") for order in left)

    def _write(
        self, shop: ConnectedShop, orders: Sequence[Order], writes: OrderWrites, fence: Fence
    ) -> None:
        """What was erased is asked only when there is something to write."""
        stored = self._stored(shop, orders, writes, personal=False)
        items, failed = self._changed(shop, orders, stored, NOTHING)
        if (items or failed) and (erased := fence.erased()):
            stored = self._stored(shop, orders, writes, personal=True)
            items, failed = self._changed(shop, orders, stored, erased)
        writes.failed.extend(failed)
        if self.table.mode is WriteMode.TRANSACTION:
            writes.transact(items)
            return
        writes.put_new([item for item in items if item.order_id not in stored])
        writes.put_if_newer([item for item in items if item.order_id in stored])

    def _stored(
        self, shop: ConnectedShop, orders: Sequence[Order], writes: OrderWrites, *, personal: bool
    ) -> dict[str, StoredVersion]:
        keys = [(shop.user_id, order.order_id) for order in orders]
        personal = personal or any(order.withheld for order in orders)
        client, name = self.table.client, self.table.name
        return stored_versions(client, name, writes.calls, keys, personal=personal)

    def _changed(
        self,
        shop: ConnectedShop,
        orders: Sequence[Order],
        stored: dict[str, StoredVersion],
        erased: Erased,
    ) -> tuple[list[OrderItem], list[FailedOrder]]:
        """The orders to write, and those that cannot be stored."""
        now = instant_text(self.clock.now())
        items: list[OrderItem] = []
        failed: list[FailedOrder] = []
        for order in orders:
            version = stored.get(order.order_id, NEW).held_against(erased, order, now)
            item = self._item(shop, order, version, now)
            if isinstance(item, FailedOrder):
                failed.append(item)
            elif item is not None:
                items.append(item)
        return items, failed

    def _item(
        self, shop: ConnectedShop, order: Order, version: StoredVersion, synced_at: str
    ) -> OrderItem | FailedOrder | None:
        """The order over its stored version, None if that may stay as it is."""
        whole = version.completed(order)
        if whole is None:
            return _kept_from(order, "what is stored of it could not be read")
        whole = allowed(whole, self.customer_data)
        if version.supersedes(whole):
            return None
        item = order_item(shop, whole, synced_at, version.redacted_at)
        if whole.withheld and version is not NEW and isinstance(item, OrderItem):
            return replace(item, over=version.digest or "")
        return item

    def _raise_if_it_may_pass(self, failed: Sequence[FailedOrder]) -> None:
        """Nothing of the page could be stored: if that is the table's doing, say so."""
        for order in failed:
            if order.failure in _PASSING:
                raise Transient(
                    Reason.DATABASE_ERROR,
                    f"table {self.table.name}: nothing could be written ({order.error})",
                )


def _kept_from(order: Order, why: str) -> FailedOrder:
    return FailedOrder(order.order_id, OrderFailure.THROTTLED, why)


def _latest(orders: Sequence[Order]) -> dict[str, Order]:
    """The latest version of each order: an order that changes while pages are read comes twice."""
    latest: dict[str, Order] = {}
    for order in orders:
        other = latest.get(order.order_id)
        if other is None or other.updated_at <= order.updated_at:
            latest[order.order_id] = order
    return latest


def _report(orders: Sequence[Order], failed: dict[str, FailedOrder]) -> StoreReport:
    """Each failed order is named once, in the batch where it stands first."""
    batches = []
    named: set[str] = set()
    for start in range(0, len(orders), BATCH_SIZE):
        ids = {order.order_id: None for order in orders[start : start + BATCH_SIZE]}
        batch = tuple(failed[i] for i in ids if i in failed and i not in named)
        named.update(order.order_id for order in batch)
        if batch:
            batches.append(batch)
    return StoreReport(len(orders) - len(named), tuple(batches))
