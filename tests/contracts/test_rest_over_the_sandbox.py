"""REST against the simulated Shopify where a shop is awkward: ties, stale links, changes, nulls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from adapters.shopify_rest import ShopifyRestOrders
from domain.failures import Permanent
from domain.orders import Order, OrderPage, PageRequest
from sandbox.shopify.faults import Fault, Switch
from sandbox.shopify.server import ShopifyServer
from sandbox.shopify.shops import Plan, Shop, Shops
from sandbox.shopify.world import World
from tests.fakes.clock import FakeClock
from tests.fakes.pause import FakePause
from tests.shopify import Bench, a_connected_shop

SHOP = Shop("awkward.myshopify.com", orders=1_020, seed=9, plan=Plan.PLUS, most_lines=1)
"""Three hundred of its orders were updated in the same second."""


@dataclass
class Awkward:
    """The shop and a source that reads it; `walk` reads page after page."""

    world: World
    bench: Bench
    source: ShopifyRestOrders = field(init=False)

    def __post_init__(self) -> None:
        self.source = self.bench.rest_source

    def page(self, cursor: str | None, size: int) -> OrderPage:
        request = PageRequest(size, cursor, None, count=False)
        return self.source.fetch_page(a_connected_shop(SHOP.domain, SHOP.token), request)

    def walk(self, size: int, fault: Fault | None = None) -> Iterator[OrderPage]:
        """With a fault in the first call of each page."""
        cursor = None
        while True:
            if fault is not None:
                self.world.faults.add(Switch(fault, times=1))
            page = self.page(cursor, size)
            yield page
            if (cursor := page.next_cursor) is None:
                return

    def touch(self, order: Order, at: datetime) -> None:
        api = self.world.api(SHOP.domain)
        assert api is not None
        key = api.storefront.catalogue.by_id(int(order.order_id))
        assert key is not None
        api.storefront.catalogue.touch(key.index, at)


@pytest.fixture
def awkward() -> Iterator[Awkward]:
    clock = FakeClock()
    with ShopifyServer(World(Shops([SHOP]), clock.monotonic)) as server:
        bench = Bench(f"{server.url}/{{shop}}", pause=FakePause(clock.advance), clock=clock)
        yield Awkward(server.world, bench)
        bench.session.close()


def distinct(pages: list[OrderPage]) -> set[str]:
    return {order.order_id for page in pages for order in page.orders}


class TestReadingByRest:
    @pytest.mark.parametrize("size", [100, 250])
    def test_loses_nothing_when_no_link_outlives_its_page(
        self, awkward: Awkward, size: int
    ) -> None:
        pages = list(awkward.walk(size, Fault.STALE_PAGE_INFO))
        assert len(distinct(pages)) == SHOP.orders
        assert len(pages) <= SHOP.orders // size + 2
        assert max(len(page.orders) for page in pages) >= 300

    @pytest.mark.parametrize(
        "fault", [Fault.NO_CALL_LIMIT, Fault.NEXT_FIRST, Fault.NULL_FIELDS, Fault.OWN_LINK]
    )
    def test_minds_nothing_that_is_missing_or_said_in_another_way(
        self, awkward: Awkward, fault: Fault
    ) -> None:
        pages = list(awkward.walk(250, fault))
        assert [len(page.orders) for page in pages] == [250, 250, 250, 250, 20]
        assert len(distinct(pages)) == SHOP.orders

    def test_sees_an_order_again_that_changed_while_its_link_went_stale(
        self, awkward: Awkward
    ) -> None:
        first = awkward.page(None, 250)
        soon = datetime(2026, 11, 22, tzinfo=UTC)
        awkward.touch(first.orders[-1], soon)
        awkward.world.faults.add(Switch(Fault.STALE_PAGE_INFO, times=1))
        pages, cursor = [first], first.next_cursor
        while cursor is not None:
            pages.append(awkward.page(cursor, 250))
            cursor = pages[-1].next_cursor
        assert len(distinct(pages)) == SHOP.orders
        assert pages[-1].orders[-1].updated_at == soon

    def test_goes_to_no_other_host(self, awkward: Awkward) -> None:
        awkward.world.faults.add(Switch(Fault.FOREIGN_LINK))
        with pytest.raises(Permanent, match="another host"):
            awkward.page(None, 250)

    def test_waits_for_the_bucket_and_no_longer(self, awkward: Awkward) -> None:
        list(awkward.walk(50))
        assert awkward.bench.pause.seconds == []
        awkward.world.faults.add(Switch(Fault.NO_RETRY_AFTER, times=2))
        awkward.page(None, 3)
        assert awkward.bench.pause.seconds == [2.0, 2.0]
