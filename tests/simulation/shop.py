"""The simulated shop: its orders change between two pages, and it is not always well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from domain.failures import PageTooLarge, Permanent, RateLimited, Reason, TimedOut, Transient
from domain.orders import Order, OrderPage, PageRequest, Window
from domain.ports import OrderSource
from domain.shops import ConnectedShop
from tests.builders import an_order
from tests.fakes.order_source import FakeOrderSource
from tests.simulation.course import Course
from tests.simulation.history import History
from tests.simulation.tasks import current
from tests.simulation.temper import Temper

T = TypeVar("T")
_LATENCY = 1.0
_MISFORTUNES: tuple[Callable[[], Exception], ...] = (
    lambda: Transient(Reason.SHOPIFY_ERROR, "HTTP 502"),
    lambda: Transient(Reason.SHOPIFY_ERROR, "HTTP 503", retry_after=timedelta(seconds=20)),
    lambda: TimedOut(Reason.SHOPIFY_ERROR, "no answer within 30 s"),
    lambda: RateLimited(timedelta(seconds=30)),
    lambda: PageTooLarge("the page costs too much"),
)
_FINAL = 0.25
"""Of the misfortunes, those that end a run: the shop is away for now."""


class SimulatedShop(OrderSource):
    """What its API hands over; the orders themselves are a verified fake's."""

    def __init__(self, course: Course, temper: Temper, history: History, orders: int) -> None:
        self._course = course
        self._temper = temper
        self._history = history
        start = course.instant() - timedelta(days=2)
        self._orders = {n: an_order(n, start + timedelta(minutes=n)) for n in range(1, orders + 1)}
        self._shop = FakeOrderSource(self._orders.values())

    @property
    def orders(self) -> tuple[Order, ...]:
        """The truth."""
        return tuple(self._orders.values())

    def calm_down(self, temper: Temper) -> None:
        self._temper = temper

    def change(self, rather: Sequence[int] = ()) -> None:
        """An order is changed now, or a new one comes in; times have a resolution of a second."""
        random = self._course.random
        number = random.randint(1, len(self._orders) + 1)
        if rather and random.random() < 0.5:
            number = random.choice(rather)
        now = self._course.instant().replace(microsecond=0)
        order = an_order(number, now, note=str(next(self._course.numbers)))
        self._orders[number] = order
        self._shop.put(order)
        self._course.say(lambda: f"order {number} changes")

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        task = current()
        if task is not None:
            self._history.fetches(task)
        page = self._answer(request.size, lambda: self._shop.fetch_page(shop, request))
        if task is not None:
            self._history.fetched(task, request, page)
        return page

    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:
        return self._answer(1, lambda: self._shop.fetch_orders(shop, order_ids))

    def count(self, shop: ConnectedShop, window: Window) -> int | None:
        return self._answer(1, lambda: self._shop.count(shop, window))

    def _answer(self, size: int, look: Callable[[], T]) -> T:
        task, course = current(), self._course
        if task is None:
            return look()
        task.wait(course.now + course.random.uniform(0, _LATENCY))
        if course.happens(self._temper.unfetched):
            misfortune = self._misfortune(size)
            self._history.ledger.fault(f"shop: {type(misfortune).__name__}", task)
            raise misfortune
        course.say(lambda: f"{task.name}: the shop answers")
        answer = look()
        task.wait(course.now + course.random.uniform(0, _LATENCY))
        return answer

    def _misfortune(self, size: int) -> Exception:
        course = self._course
        if course.happens(_FINAL):
            return Permanent(Reason.SHOP_UNAVAILABLE, "the shop is away")
        misfortune = course.random.choice(_MISFORTUNES)()
        if isinstance(misfortune, PageTooLarge) and size == 1:
            return Transient(Reason.SHOPIFY_ERROR, "HTTP 500")
        return misfortune
