"""One simulated order is one item, whichever source it was read through.

GraphQL is what the others are held to. `LACKS` are the only differences there may be, and each of
them has to be there and in docs/tables.md; values that both have are equal: money as decimals,
times as instants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pytest

from domain.orders import Json, Order, PageRequest
from domain.personal_data import CustomerData
from domain.ports import OrderSource
from sandbox.shopify.server import ShopifyServer
from sandbox.shopify.shops import Plan, Shop, Shops
from sandbox.shopify.world import World
from tests.fakes.clock import FakeClock
from tests.fakes.pause import FakePause
from tests.shopify import Bench, a_connected_shop

TABLES = Path(__file__).parents[2] / "docs" / "tables.md"
DOLLARS = Shop("dollars.myshopify.com", orders=260, seed=5, plan=Plan.PLUS)
YEN = Shop("yen.myshopify.com", orders=60, seed=6, plan=Plan.PLUS, currency="JPY")


CLOCK = FakeClock()
"""Moved on by every wait for a rate limit."""


@pytest.fixture(scope="module")
def server() -> Iterator[ShopifyServer]:
    with ShopifyServer(World(Shops([DOLLARS, YEN]), CLOCK.monotonic)) as server:
        yield server


@contextmanager
def bench_at(server: ShopifyServer, customer_data: CustomerData) -> Iterator[Bench]:
    pause = FakePause(CLOCK.advance)
    bench = Bench(f"{server.url}/{{shop}}", customer_data, pause=pause, clock=CLOCK)
    yield bench
    bench.session.close()


def comparable(value: Json, name: str = "") -> Any:
    """The value as an instant or a number where it stands for one."""
    match value:
        case dict():
            return {key: comparable(each, key) for key, each in value.items()}
        case list():
            return [comparable(each, name) for each in value]
        case str() if name == "amount":
            return Decimal(value)
        case str() if name.endswith("At"):
            moment = datetime.fromisoformat(value)
            assert moment.tzinfo is not None
            return moment
        case float() | int() if not isinstance(value, bool):
            return Decimal(str(value))
        case _:
            return value


def differences(model: Any, other: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each as a path without places in lists, and what is wrong there."""
    if isinstance(model, dict) and isinstance(other, dict):
        for key in model.keys() | other.keys():
            here = f"{path}.{key}".lstrip(".")
            if key not in other:
                yield here, "lacking"
            elif key not in model:
                yield here, "too much"
            else:
                yield from differences(model[key], other[key], here)
    elif isinstance(model, list) and isinstance(other, list) and len(model) == len(other):
        for one, another in zip(model, other, strict=True):
            yield from differences(one, another, path)
    elif model != other:
        yield path, f"{model!r} is {other!r}"


@cache
def everything(
    open_source: Callable[[Bench], OrderSource],
    shop: Shop,
    server: ShopifyServer,
    customer_data: CustomerData,
) -> list[Order]:
    """Read once: the shop does not change."""
    with bench_at(server, customer_data) as bench:
        return _read(open_source(bench), shop)


def _read(source: OrderSource, shop: Shop) -> list[Order]:
    connected = a_connected_shop(shop.domain, shop.token)
    orders: list[Order] = []
    cursor = None
    while True:
        page = source.fetch_page(connected, PageRequest(100, cursor, None, count=False))
        orders += page.orders
        if (cursor := page.next_cursor) is None:
            return orders


def by_graphql(bench: Bench) -> OrderSource:
    return bench.source


class OneItemContract:
    LACKS: ClassVar[frozenset[str]] = frozenset()
    """Paths of fields that this source leaves out, in some orders at least."""

    @staticmethod
    def source(bench: Bench) -> OrderSource:
        raise NotImplementedError

    @pytest.fixture(params=["minimal", "full"])
    def customer_data(self, request: pytest.FixtureRequest) -> CustomerData:
        asked: CustomerData = request.param
        return asked

    @pytest.fixture(params=[DOLLARS, YEN], ids=["dollars", "yen"])
    def pairs(
        self, server: ShopifyServer, customer_data: CustomerData, request: pytest.FixtureRequest
    ) -> list[tuple[Order, Order]]:
        shop: Shop = request.param
        models = everything(by_graphql, shop, server, customer_data)
        others = everything(self.source, shop, server, customer_data)
        assert len(models) == shop.orders
        return list(zip(models, others, strict=True))

    def test_has_the_same_key_and_the_same_update_time(
        self, pairs: list[tuple[Order, Order]]
    ) -> None:
        for model, other in pairs:
            assert (model.order_id, model.updated_at) == (other.order_id, other.updated_at)

    def test_differs_only_by_what_its_source_lacks(self, pairs: list[tuple[Order, Order]]) -> None:
        found = {
            (path, what)
            for model, other in pairs
            for path, what in differences(
                comparable(dict(model.fields)), comparable(dict(other.fields))
            )
        }
        assert {each for each in found if each[1] != "lacking"} == set()
        assert {path for path, _ in found} <= self.LACKS

    def test_has_money_and_times_in_the_same_words(self, pairs: list[tuple[Order, Order]]) -> None:
        for model, other in pairs:
            common = model.fields.keys() & other.fields.keys()
            for name in common:
                if name.endswith("At") or name == "totalPriceSet":
                    assert model.fields[name] == other.fields[name]

    def test_lacks_what_the_docs_say(self) -> None:
        text = TABLES.read_text()
        assert [path for path in sorted(self.LACKS) if f"`{path}`" not in text] == []


class TestOneOrderByGraphql(OneItemContract):
    @staticmethod
    def source(bench: Bench) -> OrderSource:
        return bench.source


class TestOneOrderByRest(OneItemContract):
    LACKS = frozenset(
        {
            "edited",
            "returnStatus",
            "originalTotalPriceSet",
            "totalReceivedSet",
            "netPaymentSet",
            "totalRefundedSet",
            "refunds.totalRefundedSet",
            "taxLines.source",
            "lineItems.taxLines.source",
            "shippingLines.taxLines.source",
            "lineItems.unfulfilledQuantity",
            "lineItems.nonFulfillableQuantity",
            "lineItems.refundableQuantity",
            "lineItems.discountedUnitPriceSet",
            "lineItems.discountedTotalSet",
            "lineItems.originalTotalSet.presentmentMoney",
            "shippingLines.deliveryCategory",
            "shippingLines.custom",
            "fulfillments.displayStatus",
            "app.name",
            "customer.locale",
        }
    )

    @staticmethod
    def source(bench: Bench) -> OrderSource:
        return bench.rest_source

    def test_lacks_all_of_that_somewhere(self, server: ShopifyServer) -> None:
        models, others = (
            everything(source, DOLLARS, server, "full") for source in (by_graphql, self.source)
        )
        found = {
            path
            for model, other in zip(models, others, strict=True)
            for path, _ in differences(
                comparable(dict(model.fields)), comparable(dict(other.fields))
            )
        }
        assert found == self.LACKS
