"""Orders that could not be stored, kept until they are retried or cleared by a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.messages import RunKey
from domain.orders import BATCH_SIZE, FailedOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedBatch:
    """At most 25 orders of one page that could not be stored, and why."""

    key: RunKey
    run_id: str
    page: int
    batch: int
    """From 1 within the page; the store moves on to a free number where one is taken."""
    order_ids: tuple[str, ...]
    reason: str
    error: str
    created_at: datetime
    shop: str
    attempts: int = 1

    def __post_init__(self) -> None:
        if not 1 <= len(self.order_ids) <= BATCH_SIZE:
            raise ValueError(f"a failed batch names 1 to {BATCH_SIZE} orders")

    @property
    def batch_id(self) -> str:
        return f"{self.key.sync_type}#{self.run_id}#{self.page}#{self.batch}_failed_orders"


def summary(orders: tuple[FailedOrder, ...]) -> tuple[str, str]:
    """The reason and the error of a batch: its first order's, and how many more there are."""
    first = orders[0]
    kinds = sorted({order.failure.value for order in orders})
    more = f" (and {len(orders) - 1} more orders)" if len(orders) > 1 else ""
    return ", ".join(kinds), f"{first.error}{more}"
