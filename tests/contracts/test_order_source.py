"""What every source of orders promises, kept by the fake and by the real one alike.

Two promises are the real one's alone, as the fake neither waits nor sees the network: `Interrupted`
when the process stops during a wait (tests/unit/adapters/test_retrying.py), and which answers
cannot be read (tests/unit/adapters/test_shopify_answers.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import ClassVar

import pytest

from domain.failures import (
    PageTooLarge,
    Permanent,
    RateLimited,
    Reason,
    SecurityRejected,
    TimedOut,
    TokenRefused,
    Transient,
)
from domain.orders import Order, OrderPage, PageRequest, Window
from domain.ports import OrderSource
from sandbox.shopify.faults import Fault, Switch
from sandbox.shopify.server import ShopifyServer
from sandbox.shopify.shops import Shops
from sandbox.shopify.world import World
from tests.fakes.clock import FakeClock
from tests.fakes.pause import FakePause
from tests.merchants import (
    LINES,
    ORDERS,
    SOON,
    Merchant,
    MerchantInMemory,
    MerchantInTheSandbox,
    a_shop_with_a_long_order,
)
from tests.shopify import Bench


class OrderSourceContract:
    TOO_LARGE: ClassVar[type[Exception]] = PageTooLarge
    """What is said of a page that Shopify does not finish."""

    @pytest.fixture
    def merchant(self) -> Merchant | Iterator[Merchant]:
        raise NotImplementedError

    def page(
        self,
        merchant: Merchant,
        size: int = 250,
        cursor: str | None = None,
        since: datetime | None = None,
    ) -> OrderPage:
        return merchant.source.fetch_page(
            merchant.shop, PageRequest(size, cursor, since, count=False)
        )

    def walk(
        self, merchant: Merchant, size: int, since: datetime | None = None
    ) -> Iterator[OrderPage]:
        cursor = None
        while True:
            page = self.page(merchant, size, cursor, since)
            yield page
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    def test_hands_over_each_order_once_by_update_time_and_id(self, merchant: Merchant) -> None:
        orders = [order for page in self.walk(merchant, 4) for order in page.orders]
        places = [(order.updated_at, int(order.order_id)) for order in orders]
        assert len({order.order_id for order in orders}) == len(orders) == ORDERS
        assert places == sorted(places)
        assert len({at for at, _ in places}) < ORDERS

    def test_fills_each_page_but_the_last(self, merchant: Merchant) -> None:
        assert [len(page.orders) for page in self.walk(merchant, 10)] == [10, 10, 10, 10, 5]
        assert [len(page.orders) for page in self.walk(merchant, 15)] == [15, 15, 15]
        assert [len(page.orders) for page in self.walk(merchant, 250)] == [ORDERS]

    def test_describes_orders_in_one_way(self, merchant: Merchant) -> None:
        for order in self.page(merchant).orders:
            assert order.order_id.isdecimal()
            assert order.updated_at.utcoffset() == timedelta(0)
            assert isinstance(order.fields["lineItems"], list)
            assert datetime.fromisoformat(str(order.fields["updatedAt"])) == order.updated_at
            assert order.fields["id"] == f"gid://shopify/Order/{order.order_id}"

    def test_hands_over_all_line_items(self, merchant: Merchant) -> None:
        numbers = []
        for order in self.page(merchant).orders:
            lines = order.fields["lineItems"]
            assert isinstance(lines, list)
            assert len({str(line) for line in lines}) == len(lines)
            numbers.append(len(lines))
        assert max(numbers) == LINES

    def test_keeps_to_the_window_and_its_first_second(self, merchant: Merchant) -> None:
        everything = self.page(merchant).orders
        since = everything[20].updated_at
        window = [order for page in self.walk(merchant, 7, since) for order in page.orders]
        assert window == [order for order in everything if order.updated_at >= since]
        assert self.page(merchant, since=SOON).orders == ()

    def test_counts_the_window_when_asked(self, merchant: Merchant) -> None:
        since = self.page(merchant).orders[20].updated_at
        window = len(self.page(merchant, since=since).orders)
        for start, count in ((None, ORDERS), (since, window)):
            request = PageRequest(5, None, start, count=True)
            assert merchant.source.fetch_page(merchant.shop, request).expected == count
        assert self.page(merchant).expected is None

    def test_counts_any_window(self, merchant: Merchant) -> None:
        orders = self.page(merchant).orders
        since, until = orders[10].updated_at, orders[30].updated_at
        for window in (Window(), Window(since), Window(None, until), Window(since, until)):
            found = [
                order
                for order in orders
                if order.updated_at >= (window.since or order.updated_at)
                and (window.until is None or order.updated_at < window.until)
            ]
            assert merchant.source.count(merchant.shop, window) == len(found)

    def test_says_that_nobody_counts_when_nobody_does(self, merchant: Merchant) -> None:
        merchant.is_hit_by(Fault.SERVER_ERROR)
        with pytest.raises(Transient):
            merchant.source.count(merchant.shop, Window())

    def test_has_no_caveat_where_all_is_as_asked(self, merchant: Merchant) -> None:
        request = PageRequest(5, None, None, count=True)
        assert merchant.source.fetch_page(merchant.shop, request).caveats == ()

    def test_sees_an_order_again_that_changes_meanwhile(self, merchant: Merchant) -> None:
        pages = self.walk(merchant, 20)
        first = next(pages).orders
        moved = first[3].order_id
        merchant.updates(moved, SOON)
        rest = [order for page in pages for order in page.orders]
        assert rest[-1].order_id == moved
        assert rest[-1].updated_at == SOON
        assert len({order.order_id for order in (*first, *rest)}) == ORDERS

    def test_goes_on_from_a_cursor_after_a_failure(self, merchant: Merchant) -> None:
        cursor = self.page(merchant, 40).next_cursor
        merchant.is_hit_by(Fault.BAD_GATEWAY)
        with pytest.raises(Transient):
            self.page(merchant, 40, cursor)
        merchant.recovers()
        assert len(self.page(merchant, 40, cursor).orders) == 5

    def test_hands_over_a_page_again_from_the_same_cursor(self, merchant: Merchant) -> None:
        cursor = self.page(merchant, 10).next_cursor
        pages = [self.page(merchant, 10, cursor).orders for _ in range(2)]
        assert pages[0] == pages[1]

    def test_goes_on_after_a_cursor_whose_order_is_gone(self, merchant: Merchant) -> None:
        first = self.page(merchant, 10)
        rest = self.page(merchant, 250, first.next_cursor).orders
        merchant.deletes(first.orders[-1].order_id)
        assert self.page(merchant, 250, first.next_cursor).orders == rest

    def test_hands_over_the_same_to_many_at_once(self, merchant: Merchant) -> None:
        cursor = self.page(merchant, 20).next_cursor
        with ThreadPoolExecutor(16) as threads:
            pages = list(threads.map(lambda _: self.page(merchant, 3, cursor), range(16)))
        assert {page.next_cursor for page in pages} == {pages[0].next_cursor}
        assert all(page.orders == pages[0].orders for page in pages)

    def test_fails_for_single_orders_as_for_pages(self, merchant: Merchant) -> None:
        merchant.is_hit_by(Fault.BAD_GATEWAY)
        with pytest.raises(Transient):
            merchant.source.fetch_orders(merchant.shop, ("1",))
        merchant.recovers()
        merchant.is_hit_by(Fault.BAD_TOKEN)
        with pytest.raises(Permanent):
            merchant.source.fetch_orders(merchant.shop, ("1",))

    def test_reads_single_orders_as_they_are_now(self, merchant: Merchant) -> None:
        ids = [order.order_id for order in self.page(merchant).orders]
        merchant.updates(ids[7], SOON)
        merchant.deletes(ids[9])
        found = merchant.source.fetch_orders(merchant.shop, (ids[9], ids[7], *ids[10:35], "1"))
        assert {order.order_id for order in found} == {ids[7], *ids[10:35]}
        (updated,) = (order for order in found if order.order_id == ids[7])
        assert updated.updated_at == SOON

    def test_describes_single_orders_like_those_of_a_page(self, merchant: Merchant) -> None:
        orders = self.page(merchant).orders
        for order in (orders[0], max(orders, key=_number_of_lines)):
            assert merchant.source.fetch_orders(merchant.shop, (order.order_id,)) == (order,)

    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            (Fault.BAD_TOKEN, Reason.SHOP_UNAUTHORIZED),
            (Fault.FORBIDDEN, Reason.SHOP_UNAUTHORIZED),
            (Fault.ACCESS_DENIED, Reason.SHOP_UNAUTHORIZED),
            (Fault.FROZEN, Reason.SHOP_UNAVAILABLE),
            (Fault.NOT_FOUND, Reason.SHOP_UNAVAILABLE),
            (Fault.LOCKED, Reason.SHOP_UNAVAILABLE),
            (Fault.UNAVAILABLE_SHOP, Reason.SHOP_UNAVAILABLE),
            (Fault.REDIRECT, Reason.SHOPIFY_ERROR),
        ],
    )
    def test_gives_up_where_only_a_person_can_help(
        self, merchant: Merchant, fault: Fault, reason: Reason
    ) -> None:
        merchant.is_hit_by(fault)
        with pytest.raises(Permanent) as raised:
            self.page(merchant, 5)
        assert raised.value.reason is reason

    @pytest.mark.parametrize(
        "fault",
        [
            Fault.SERVER_ERROR,
            Fault.INTERNAL_ERROR,
            Fault.HTML,
            Fault.HALF_A_BODY,
            Fault.EMPTY_OBJECT,
            Fault.EMPTY_DATA,
            Fault.RESET_BEFORE,
            Fault.RESET_IN_BODY,
        ],
    )
    def test_never_takes_a_failure_for_an_empty_page(
        self, merchant: Merchant, fault: Fault
    ) -> None:
        merchant.is_hit_by(fault)
        with pytest.raises(Transient) as raised:
            self.page(merchant, 5)
        assert raised.value.reason is Reason.SHOPIFY_ERROR

    def test_tells_a_token_that_is_refused_from_a_scope_that_is_missing(
        self, merchant: Merchant
    ) -> None:
        merchant.is_hit_by(Fault.BAD_TOKEN)
        with pytest.raises(TokenRefused):
            self.page(merchant, 5)
        merchant.recovers()
        merchant.is_hit_by(Fault.FORBIDDEN)
        with pytest.raises(Permanent) as raised:
            self.page(merchant, 5)
        assert not isinstance(raised.value, TokenRefused)

    def test_leaves_a_shop_alone_that_takes_it_for_an_attacker(self, merchant: Merchant) -> None:
        merchant.is_hit_by(Fault.REJECTED)
        with pytest.raises(SecurityRejected) as raised:
            self.page(merchant, 5)
        assert raised.value.wait >= timedelta(minutes=5)

    def test_passes_on_a_long_rate_limit(self, merchant: Merchant) -> None:
        merchant.is_hit_by(Fault.RATE_LIMITED)
        with pytest.raises(RateLimited) as raised:
            self.page(merchant, 5)
        assert raised.value.wait > timedelta(0)

    def test_says_that_a_page_is_too_large(self, merchant: Merchant) -> None:
        merchant.is_hit_by(Fault.MAX_COST)
        with pytest.raises(self.TOO_LARGE):
            self.page(merchant, 250)
        merchant.recovers()
        assert len(self.page(merchant, 125).orders) == ORDERS


def _number_of_lines(order: Order) -> int:
    lines = order.fields["lineItems"]
    return len(lines) if isinstance(lines, list) else 0


class TestFakeOrderSource(OrderSourceContract):
    @pytest.fixture
    def merchant(self) -> Merchant:
        return MerchantInMemory()


@pytest.fixture
def sold_in_the_sandbox() -> Iterator[tuple[World, Bench]]:
    """A shop over HTTP, in the simulated Shopify; waits for its rate limits take no time."""
    clock = FakeClock()
    shop = a_shop_with_a_long_order("contract-shop.myshopify.com")
    with ShopifyServer(World(Shops([shop]), clock.monotonic)) as server:
        bench = Bench(url=f"{server.url}/{{shop}}", pause=FakePause(clock.advance), clock=clock)
        yield server.world, bench
        bench.session.close()


class TestShopifyGraphqlOrders(OrderSourceContract):
    @pytest.fixture
    def merchant(self, sold_in_the_sandbox: tuple[World, Bench]) -> Merchant:
        world, bench = sold_in_the_sandbox
        return MerchantInTheSandbox(world, bench.source)


class TestShopifyRestOrders(OrderSourceContract):
    """REST has no points that a page could cost too many of: a page that is too much times out."""

    TOO_LARGE = TimedOut

    @pytest.fixture
    def merchant(self, sold_in_the_sandbox: tuple[World, Bench]) -> Merchant:
        world, bench = sold_in_the_sandbox
        return MerchantInTheSandbox(world, bench.rest_source)


class TestShopifyRestOrdersWithNextFirst(TestShopifyRestOrders):
    """The header that leads on may name the links in any order."""

    @pytest.fixture
    def merchant(self, sold_in_the_sandbox: tuple[World, Bench]) -> Merchant:
        world, bench = sold_in_the_sandbox
        return Contrary(world, bench.rest_source)


class Contrary(MerchantInTheSandbox):
    """A shop whose links to the next page stand before those to the previous one."""

    def __init__(self, world: World, source: OrderSource) -> None:
        super().__init__(world, source)
        self.recovers()

    def is_hit_by(self, fault: Fault) -> None:
        self.faults.clear()
        super().is_hit_by(fault)

    def recovers(self) -> None:
        self.faults.clear()
        self.faults.add(Switch(Fault.NEXT_FIRST))
