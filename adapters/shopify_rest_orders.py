"""Orders out of answers of the REST API, in the canonical schema."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime

from adapters.shopify_answers import ignored_filter, unreadable
from adapters.shopify_rest_answers import RestAnswer
from adapters.shopify_rest_fields import fields_of
from adapters.shopify_rest_places import Place
from domain.caveats import Caveat
from domain.orders import Json, Order
from domain.personal_data import CustomerData, in_doubt


@dataclass(frozen=True, slots=True)
class Reading:
    """The orders of a page; `next` is where the page after it begins, if there is one."""

    orders: tuple[Order, ...]
    next: Place | None
    caveats: tuple[Caveat, ...] = ()
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads pages of a run that began then.

    An order that changed since may stand where it stood before, with its new time: Shopify's index
    lags. All others have to be in the order of their update times, and not before the place that
    was asked for: else the place after the page would leave some out.
    """

    customer_data: CustomerData
    run_began: datetime | None

    def page_in(self, answer: RestAnswer, place: Place) -> Reading:
        """The page that was asked for at the place; Transient unless it is one."""
        orders = orders_in(answer, self.customer_data)
        caveats = (*answer.caveats, *self._beyond(orders, place))
        if answer.next_page is None:
            return Reading(orders, None, caveats, answer.said_at)
        if not orders or answer.next_page == place.page_info:
            raise unreadable("it says that more orders follow, but not where")
        following = Place(answer.next_page, self._reached(orders))
        return Reading(orders, following, caveats, answer.said_at)

    def _beyond(self, orders: tuple[Order, ...], place: Place) -> tuple[Caveat, ...]:
        """Whether there are orders from before the window among them."""
        settled = self._settled(orders)
        if settled != sorted(settled):
            raise unreadable("its orders are not in the order of their update times")
        if not settled or place.since is None or settled[0] >= place.since.replace(microsecond=0):
            return ()
        if place.page_info is not None:
            raise unreadable("its orders lie before those of the page that led to it")
        return (ignored_filter(),)

    def _reached(self, orders: tuple[Order, ...]) -> datetime:
        """Up to when, in the order of update times, all orders have been read."""
        settled, times = self._settled(orders), [order.updated_at for order in orders]
        if settled:
            return settled[-1]
        return times[-1] if times == sorted(times) else min(times)

    def _settled(self, orders: tuple[Order, ...]) -> list[datetime]:
        times = (order.updated_at for order in orders)
        return [at for at in times if self.run_began is None or at < self.run_began]


def orders_in(answer: RestAnswer, customer_data: CustomerData) -> tuple[Order, ...]:
    """All orders of an answer; Transient if it has no list of them.

    REST shows fields that it withholds as nulls, without a word.
    """
    listed = answer.content.get("orders")
    if not isinstance(listed, list):
        raise unreadable("it has no orders")
    return in_doubt(tuple(_order(node, customer_data) for node in listed))


def orders_among(
    answer: RestAnswer, ids: AbstractSet[str], customer_data: CustomerData
) -> tuple[Order, ...]:
    """The orders asked for by their ids; Transient if there are others among them."""
    orders = orders_in(answer, customer_data)
    if any(order.order_id not in ids for order in orders):
        raise unreadable("it has orders that were not asked for")
    return orders


def count_in(answer: RestAnswer) -> int:
    """How many orders there are; Transient if it is not said."""
    count = answer.content.get("count")
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise unreadable("it has no count")
    return count


def _order(node: Json, customer_data: CustomerData) -> Order:
    if not isinstance(node, dict):
        raise unreadable("an order is missing")
    order_id = str(node.get("id"))
    if not (order_id.isascii() and order_id.isdecimal()):
        raise unreadable("an order has no numeric id")
    if not isinstance(node.get("line_items"), list):
        raise unreadable("an order has no line items")
    return Order(order_id, _instant(node.get("updated_at")), fields_of(node, customer_data))


def _instant(value: Json) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise unreadable("an order has no update time") from error
    if moment.tzinfo is None:
        raise unreadable("an order's update time has no offset")
    return moment.astimezone(UTC)
