"""Ports behind breakers: what is away is not asked, and a failure of it is no page's fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from adapters.breakers import Breakers
from domain import breakers as dependencies
from domain.breakers import ORDERS, SHOPIFY, STATE
from domain.failures import Failure, Outage, Preparing, Reason, TimedOut, Transient, Unavailable
from domain.messages import Delivery
from domain.orders import Order, OrderPage, PageRequest, StoreReport, Window
from domain.outcomes import Later, Outcome, Why
from domain.ports import Lease, OrderSource, OrderStore
from domain.shops import ConnectedShop


@dataclass(frozen=True, slots=True)
class GuardedSource(OrderSource):
    """A source of orders behind the breakers of Shopify, of the shop, and of where orders go.

    Raises `Unavailable` instead of the failure that opens a breaker or finds it open. What says
    nothing about either side (a rate limit, a refused token) changes no breaker.
    """

    source: OrderSource
    breakers: Breakers

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        with self._guarded(shop):
            return self.source.fetch_page(shop, request)

    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:
        with self._guarded(shop):
            return self.source.fetch_orders(shop, order_ids)

    def count(self, shop: ConnectedShop, window: Window) -> int | None:
        with self._guarded(shop):
            return self.source.count(shop, window)

    @contextmanager
    def _guarded(self, shop: ConnectedShop) -> Iterator[None]:
        here = dependencies.shop(shop.shop)
        self.breakers.admit(SHOPIFY, here, ORDERS)
        try:
            yield
        except Transient as failure:
            if failure.reason is Reason.DATABASE_ERROR:  # our own table of shops
                self.breakers.undecided(SHOPIFY, here, ORDERS)
                raise
            self.breakers.undecided(ORDERS)
            # An answer that is of no use may be the page's own: it speaks against Shopify only
            # where several shops get such answers.
            whole = isinstance(failure, Outage | TimedOut)
            blamed = (SHOPIFY, here) if whole else (SHOPIFY,)
            if (away := self.breakers.failed(shop.shop, failure, *blamed)) is not None:
                raise away from failure
            raise
        except Preparing:
            self.breakers.undecided(ORDERS)
            self.breakers.worked(SHOPIFY, here)
            raise
        except BaseException:
            self.breakers.undecided(SHOPIFY, here, ORDERS)
            raise
        self.breakers.worked(SHOPIFY, here)


@dataclass(frozen=True, slots=True)
class GuardedOrders(OrderStore):
    """The orders table, seen by its breaker; whether to ask it was decided with the source."""

    orders: OrderStore
    breakers: Breakers

    def save(self, shop: ConnectedShop, orders: tuple[Order, ...], lease: Lease) -> StoreReport:
        try:
            report = self.orders.save(shop, orders, lease)
        except Failure as failure:
            if (away := self.breakers.failed(shop.shop, failure, ORDERS)) is not None:
                raise away from failure
            raise
        except BaseException:
            self.breakers.undecided(ORDERS)
            raise
        if orders:
            self.breakers.worked(ORDERS)
        else:
            self.breakers.undecided(ORDERS)
        return report


@dataclass(frozen=True, slots=True)
class GuardedHandling:
    """Deliveries go back unread while the runs' state is away, but for one probe at a time."""

    do: Callable[[Delivery], Outcome]
    breakers: Breakers

    def __call__(self, delivery: Delivery) -> Outcome:
        try:
            self.breakers.admit(STATE)
        except Unavailable as away:
            return Later(away.wait, Why.AWAY)
        try:
            return self._not_blamed(self.do(delivery))
        finally:
            self.breakers.undecided(STATE)

    def _not_blamed(self, outcome: Outcome) -> Outcome:
        """Who met the outage comes back like the others, and not later the older it is."""
        away = self.breakers.away(STATE)
        if away is not None and isinstance(outcome, Later):
            return Later(away.wait, Why.AWAY)
        return outcome
