"""Shops whose orders a source reads: one in memory, one in the simulated Shopify."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.failures import Reason, SecurityRejected, TokenRefused, Transient
from domain.orders import Json, Order
from domain.ports import OrderSource
from domain.shops import ConnectedShop
from sandbox.shopify.faults import Fault, Switch
from sandbox.shopify.shops import Plan, Shop
from sandbox.shopify.world import World
from tests.fakes.order_source import FakeOrderSource
from tests.shopify import a_connected_shop

ORDERS = 45
LINES = 60
"""More than come with the order itself."""
SOON = datetime(2026, 11, 22, tzinfo=UTC)
"""After every update that the shops begin with."""


class Merchant(ABC):
    """A shop with 45 orders, some updated in the same second, one of them with 60 lines."""

    source: OrderSource
    shop: ConnectedShop

    @abstractmethod
    def updates(self, order_id: str, at: datetime) -> None:
        """Change the order."""

    @abstractmethod
    def deletes(self, order_id: str) -> None:
        """Delete the order."""

    @abstractmethod
    def is_hit_by(self, fault: Fault) -> None:
        """Let every request fail like this from now on."""

    @abstractmethod
    def recovers(self) -> None:
        """Let no request fail any more."""


class MerchantInMemory(Merchant):
    def __init__(self) -> None:
        start = SOON - timedelta(days=30)
        self.source: FakeOrderSource = FakeOrderSource(
            _order(n, start + timedelta(hours=n // 3)) for n in range(101, 101 + ORDERS)
        )
        self.shop = a_connected_shop()

    def updates(self, order_id: str, at: datetime) -> None:
        (order,) = self.source.fetch_orders(self.shop, (order_id,))
        fields = {**order.fields, "updatedAt": at.isoformat()}
        self.source.put(replace(order, updated_at=at, fields=fields))

    def deletes(self, order_id: str) -> None:
        self.source.remove(order_id)

    def is_hit_by(self, fault: Fault) -> None:
        match fault:
            case Fault.BAD_TOKEN:
                self.source.meet(TokenRefused("the access token is not accepted"))
            case Fault.REJECTED:
                why = Transient(Reason.SHOPIFY_ERROR, "the request was rejected")
                self.source.meet(SecurityRejected(timedelta(minutes=5), why))
            case Fault.FORBIDDEN | Fault.ACCESS_DENIED:
                self.source.refuse(Reason.SHOP_UNAUTHORIZED)
            case Fault.FROZEN | Fault.NOT_FOUND | Fault.LOCKED | Fault.UNAVAILABLE_SHOP:
                self.source.refuse(Reason.SHOP_UNAVAILABLE)
            case Fault.REDIRECT:
                self.source.refuse(Reason.SHOPIFY_ERROR)
            case Fault.MAX_COST:
                self.source.refuse_pages_above(125, cost=2003)
            case Fault.RATE_LIMITED:
                self.source.rate_limit()
            case _:
                self.source.fail()

    def recovers(self) -> None:
        self.source.recover()


def _order(number: int, updated_at: datetime) -> Order:
    count = LINES if number == 111 else number % 4 + 1
    lines: list[Json] = [{"id": f"gid://shopify/LineItem/{line}"} for line in range(count)]
    fields: dict[str, Json] = {
        "id": f"gid://shopify/Order/{number}",
        "updatedAt": updated_at.isoformat(),
        "lineItems": lines,
    }
    return Order(str(number), updated_at, fields)


def a_shop_with_a_long_order(domain: str) -> Shop:
    """Of the same numbers, in the simulated Shopify."""
    return Shop(domain, orders=ORDERS, seed=3, plan=Plan.PLUS, most_lines=LINES)


class MerchantInTheSandbox(Merchant):
    def __init__(self, world: World, source: OrderSource) -> None:
        (sold,) = world.shops.all()
        if (api := world.api(sold.domain)) is None:
            raise LookupError(sold.domain)
        self.faults = world.faults
        self.catalogue = api.storefront.catalogue
        self.source: OrderSource = source
        self.shop = a_connected_shop(sold.domain, sold.token)

    def updates(self, order_id: str, at: datetime) -> None:
        self.catalogue.touch(self._index(order_id), at)

    def deletes(self, order_id: str) -> None:
        self.catalogue.delete(self._index(order_id))

    def is_hit_by(self, fault: Fault) -> None:
        self.faults.add(Switch(fault))

    def recovers(self) -> None:
        self.faults.clear()

    def _index(self, order_id: str) -> int:
        if (key := self.catalogue.by_id(int(order_id))) is None:
            raise LookupError(order_id)
        return key.index
