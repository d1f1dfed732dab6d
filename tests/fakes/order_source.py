"""A shop's orders in memory, as a source of pages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from domain.caveats import Caveat
from domain.failures import Outage, PageTooLarge, Permanent, RateLimited, Reason, TimedOut
from domain.orders import Order, OrderPage, PageRequest, Window
from domain.ports import OrderSource
from domain.shops import ConnectedShop

FOREVER = 1_000_000


@dataclass(frozen=True, slots=True)
class _Fault:
    failure: Exception
    left: int
    above: int = 0
    """Only pages of more orders than that fail."""


class FakeOrderSource(OrderSource):
    """Serves every shop the same orders; what goes wrong is said beforehand.

    Each fault below happens to the next `times` requests it applies to, oldest fault first.
    """

    def __init__(self, orders: Iterable[Order] = ()) -> None:
        self._lock = Lock()
        self._orders = {order.order_id: order for order in orders}
        self._faults: list[_Fault] = []
        self._caveats: tuple[Caveat, ...] = ()
        self._counts: list[int | Exception | None] = []
        self.scopes: tuple[str, ...] | None = None
        """News of what the app may read."""
        self.says: datetime | None = None
        """What its own clock says."""
        self.pages: list[PageRequest] = []
        """The pages handed over, in the order of time."""

    def put(self, *orders: Order) -> None:
        """Add the orders, or change them; do so between two pages to move an order to the end."""
        with self._lock:
            self._orders.update((order.order_id, order) for order in orders)

    def remove(self, order_id: str) -> None:
        """Delete the order, without a trace."""
        with self._lock:
            del self._orders[order_id]

    def rate_limit(self, wait: timedelta = timedelta(seconds=60), times: int = FOREVER) -> None:
        self._will_fail(_Fault(RateLimited(wait), times))

    def fail(
        self,
        message: str = "Shopify failed (HTTP 502)",
        *,
        retry_after: timedelta | None = None,
        times: int = FOREVER,
    ) -> None:
        """Fail as a whole, in a way that passes."""
        failure = Outage(Reason.SHOPIFY_ERROR, message, retry_after=retry_after)
        self._will_fail(_Fault(failure, times))

    def meet(self, failure: Exception, times: int = FOREVER) -> None:
        """Fail like this, whatever it is."""
        self._will_fail(_Fault(failure, times))

    def time_out(self, above: int = 0, times: int = FOREVER) -> None:
        """Take too long for pages of more than `above` orders."""
        failure = TimedOut(Reason.SHOPIFY_ERROR, "Shopify did not answer within 30 s")
        self._will_fail(_Fault(failure, times, above))

    def refuse_pages_above(self, size: int, cost: float | None = None) -> None:
        """From now on a page of more orders costs too much."""
        self._will_fail(_Fault(PageTooLarge("the page costs too much", cost=cost), FOREVER, size))

    def refuse(
        self, reason: Reason = Reason.SHOP_UNAUTHORIZED, message: str = "no", times: int = FOREVER
    ) -> None:
        """Fail until a person does something."""
        self._will_fail(_Fault(Permanent(reason, message), times))

    def warn(self, *caveats: Caveat) -> None:
        """From now on pages come with these caveats."""
        with self._lock:
            self._caveats = caveats

    def will_count(self, *answers: int | Exception | None) -> None:
        """What the next counts come to instead of the truth, whatever their windows."""
        with self._lock:
            self._counts.extend(answers)

    def recover(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults.clear()

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:  # noqa: ARG002 - any shop
        with self._lock:
            self._go_wrong(request.size)
            window = sorted(self._within(Window(request.since)), key=_place)
            after = None if request.cursor is None else _place_at(request.cursor)
            rest = [order for order in window if after is None or _place(order) > after]
            orders = tuple(rest[: request.size])
            more = len(rest) > request.size
            self.pages.append(request)
            return OrderPage(
                orders=orders,
                next_cursor=_cursor_at(orders[-1]) if more else None,
                expected=len(window) if request.count else None,
                counted=len(window) if request.count else None,
                caveats=self._caveats,
                scopes=self.scopes,
                as_of=self.says,
            )

    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:  # noqa: ARG002 - any shop
        with self._lock:
            self._go_wrong(len(order_ids))
            ids = dict.fromkeys(order_ids)
            return tuple(self._orders[each] for each in ids if each in self._orders)

    def count(self, shop: ConnectedShop, window: Window) -> int | None:  # noqa: ARG002 - any shop
        with self._lock:
            self._go_wrong(1)
            truth = len(self._within(window))
            said = self._counts.pop(0) if self._counts else truth
            if isinstance(said, Exception):
                raise said
            return said

    def _within(self, window: Window) -> list[Order]:
        return [
            order
            for order in self._orders.values()
            if (window.since is None or order.updated_at >= window.since)
            and (window.until is None or order.updated_at < window.until)
        ]

    def _will_fail(self, fault: _Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def _go_wrong(self, size: int) -> None:
        for place, fault in enumerate(self._faults):
            if size > fault.above:
                self._faults[place] = replace(fault, left=fault.left - 1)
                self._faults = [each for each in self._faults if each.left > 0]
                raise fault.failure


def _place(order: Order) -> tuple[datetime, int]:
    return order.updated_at, int(order.order_id)


def _cursor_at(order: Order) -> str:
    return json.dumps([order.updated_at.isoformat(), int(order.order_id)])


def _place_at(cursor: str) -> tuple[datetime, int]:
    instant, number = json.loads(cursor)
    return datetime.fromisoformat(instant), number
