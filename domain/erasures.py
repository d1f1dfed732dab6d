"""What was erased, or is being erased, by our own doing: a user, or one customer of a user's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.orders import Json, Order
from domain.personal_data import customer_of

FENCE = timedelta(seconds=20)
"""Nobody writes orders who has not asked for so long what was erased."""
LAST_REQUEST = timedelta(seconds=60)
"""From the moment that somebody may write until the write is over, clocks that differ included."""


def settled_after(visibility: timedelta) -> timedelta:
    """How long after its mark no write of before the mark can arrive any more.

    Orders are fenced by `FENCE`, what is written about them by the lease, which lasts as long as a
    message stays hidden and is not extended once its checkpoint is gone.
    """
    return max(visibility, FENCE) + LAST_REQUEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One that was asked for; without a customer it is everything of the user's.

    The mark of it stays: it is what later writes are held against.
    """

    user_id: str
    customer_id: str | None = None
    order_ids: tuple[str, ...] = ()
    """Orders that are the customer's whether or not they name one."""
    since: datetime
    after: str | None = None
    """The last order that was looked at."""
    done_at: datetime | None = None
    request_id: str = ""
    """Whose copies erase nothing once the user is connected again."""
    lifted_at: datetime | None = None
    """Since when the user, who was purged, has been connected again."""

    def asked_again(self, asked: Erasure) -> Erasure:
        """This one where nothing new is asked for; else one that begins anew, with all orders."""
        if self.lifted_at is not None and self.request_id != asked.request_id:
            return asked
        order_ids = tuple(dict.fromkeys((*self.order_ids, *asked.order_ids)))
        if order_ids == self.order_ids:
            return self
        return replace(asked, order_ids=order_ids, after=None, done_at=None)


@dataclass(frozen=True, slots=True)
class Erased:
    """What a store of orders has to know of a user."""

    user: bool = False
    customers: frozenset[str] = frozenset()
    orders: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.user or bool(self.customers) or bool(self.orders)

    def covers(self, order: Order) -> bool:
        """Whether the order is of a customer that was erased."""
        return order.order_id in self.orders or self.names(order.fields)

    def names(self, fields: Mapping[str, Json]) -> bool:
        return bool(self.customers) and customer_of(fields) in self.customers


NOTHING = Erased()
