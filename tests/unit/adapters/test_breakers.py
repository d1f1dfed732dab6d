"""The breakers of a process, and the ports behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from adapters.breakers import Breakers
from adapters.guards import GuardedHandling, GuardedOrders, GuardedSource
from adapters.watched_checkpoints import WatchedCheckpoints
from domain import breakers as dependencies
from domain.breakers import LONGEST_WAIT, ORDERS, SHOPIFY, STATE, Dependency, Kind
from domain.failures import (
    Outage,
    PageTooLarge,
    Permanent,
    Preparing,
    RateLimited,
    Reason,
    Spoilt,
    TimedOut,
    Transient,
    Unavailable,
)
from domain.leases import FixedLease
from domain.messages import Delivery
from domain.occurrences import BreakerChanged
from domain.orders import PageRequest
from domain.outcomes import Done, Later, Outcome, Why
from domain.shops import ConnectedShop
from tests.builders import KEY, a_continuation, a_shop, an_order, orders
from tests.fakes.chance import FakeChance
from tests.fakes.checkpoints import FakeCheckpoints
from tests.fakes.clock import FakeClock
from tests.fakes.observer import FakeObserver
from tests.fakes.order_source import FakeOrderSource
from tests.fakes.orders import FakeOrders

MINUTE = timedelta(minutes=1)
DOWN = Outage(Reason.SHOPIFY_ERROR, "Shopify failed (HTTP 502)")
FIRST, SECOND, THIRD = (a_shop(f"user-{n}", f"shop-{n}.myshopify.com") for n in range(3))
PAGE = PageRequest(250, None, None, count=False)
DELIVERY = Delivery(a_continuation(), 1)


@dataclass(slots=True)
class World:
    """A process's breakers, and the ports that they guard."""

    clock: FakeClock = field(default_factory=FakeClock)
    observer: FakeObserver = field(default_factory=FakeObserver)
    shopify: FakeOrderSource = field(default_factory=lambda: FakeOrderSource(orders(3)))
    table: FakeOrders = field(default_factory=FakeOrders)
    breakers: Breakers = field(init=False)
    source: GuardedSource = field(init=False)
    orders: GuardedOrders = field(init=False)
    store: FakeCheckpoints = field(init=False)
    checkpoints: WatchedCheckpoints = field(init=False)

    def __post_init__(self) -> None:
        self.breakers = Breakers(self.clock, FakeChance(), self.observer)
        self.source = GuardedSource(self.shopify, self.breakers)
        self.orders = GuardedOrders(self.table, self.breakers)
        self.store = FakeCheckpoints(self.clock)
        self.checkpoints = WatchedCheckpoints(self.store, self.breakers)

    def fetch(self, shop: ConnectedShop = FIRST) -> str:
        """How asking for a page ends."""
        return self._ending(lambda: self.source.fetch_page(shop, PAGE))

    def save(self, shop: ConnectedShop = FIRST) -> str:
        lease = FixedLease.lasting(self.clock, MINUTE)
        return self._ending(lambda: self.orders.save(shop, (an_order(1),), lease))

    def find(self) -> str:
        return self._ending(lambda: self.checkpoints.find(KEY))

    def handle(self, do: Callable[[], Outcome] = Done) -> Outcome:
        return GuardedHandling(lambda _: do(), self.breakers)(DELIVERY)

    def away(self) -> dict[Kind, int]:
        return {kind: count for kind, count in self.breakers.open().items() if count}

    @staticmethod
    def _ending(ask: Callable[[], object]) -> str:
        try:
            ask()
        except Exception as failure:  # noqa: BLE001 - whichever it is
            return type(failure).__name__
        return "answered"


@pytest.fixture
def world() -> World:
    return World()


class TestAShopThatFails:
    def test_is_blamed_for_the_fifth_failure_and_no_page_is(self, world: World) -> None:
        world.shopify.fail()
        assert [world.fetch() for _ in range(6)] == ["Outage"] * 4 + ["Unavailable"] * 2

    def test_is_asked_no_more_for_now(self, world: World) -> None:
        world.shopify.fail(times=5)
        for _ in range(10):
            world.fetch()
        assert world.shopify.pages == []
        assert world.away() == {Kind.SHOP: 1}

    def test_does_not_keep_others_from_being_asked(self, world: World) -> None:
        world.shopify.fail(times=5)
        for _ in range(5):
            world.fetch(FIRST)
        assert world.fetch(SECOND) == "answered"

    def test_is_there_again_once_a_probe_is_answered(self, world: World) -> None:
        world.shopify.fail(times=5)
        for _ in range(5):
            world.fetch()
        world.clock.advance(MINUTE)
        assert [world.fetch(), world.fetch()] == ["answered", "answered"]
        shop = dependencies.shop(FIRST.shop)
        assert world.observer.of(BreakerChanged) == [
            BreakerChanged(shop, is_open=True, error="Shopify failed (HTTP 502)"),
            BreakerChanged(shop, is_open=False, error=""),
        ]

    def test_is_there_again_when_it_prepares_its_answer(self, world: World) -> None:
        world.shopify.fail(times=5)
        for _ in range(5):
            world.fetch()
        world.clock.advance(MINUTE)
        world.shopify.meet(Preparing("operation 7", MINUTE, "it prepares"), times=1)
        assert [world.fetch(), world.fetch()] == ["Preparing", "answered"]
        assert world.away() == {}

    def test_is_not_judged_by_what_it_prepared_in_vain(self, world: World) -> None:
        world.shopify.meet(Spoilt(None, DOWN))
        assert {world.fetch() for _ in range(20)} == {"Spoilt"}
        assert world.away() == {}

    def test_tells_those_who_go_back_what_was_met(self, world: World) -> None:
        world.shopify.time_out(times=5)
        for _ in range(4):
            world.fetch()
        for _ in range(2):
            with pytest.raises(Unavailable) as raised:
                world.source.fetch_page(FIRST, PAGE)
            assert isinstance(raised.value.failure, TimedOut)
            assert timedelta(0) < raised.value.wait <= LONGEST_WAIT

    def test_is_not_blamed_for_failures_between_answers(self, world: World) -> None:
        for _ in range(10):
            world.shopify.fail(times=4)
            assert [world.fetch() for _ in range(5)] == ["Outage"] * 4 + ["answered"]

    @pytest.mark.parametrize(
        "failure",
        [
            RateLimited(MINUTE),
            Permanent(Reason.SHOP_UNAUTHORIZED, "HTTP 401"),
            PageTooLarge("too large"),
        ],
    )
    def test_is_not_blamed_for(self, world: World, failure: Exception) -> None:
        world.shopify.meet(failure)
        assert {world.fetch() for _ in range(50)} == {type(failure).__name__}
        assert world.away() == {}

    def test_keeps_the_place_of_the_probe_for_one_that_learns_something(self, world: World) -> None:
        world.shopify.fail(times=5)
        for _ in range(5):
            world.fetch()
        world.clock.advance(MINUTE)
        world.shopify.rate_limit(times=1)
        assert [world.fetch(), world.fetch()] == ["RateLimited", "answered"]

    def test_is_not_blamed_for_answers_that_are_of_no_use(self, world: World) -> None:
        """They may be the page's own: it has its attempts."""
        world.shopify.meet(Transient(Reason.SHOPIFY_ERROR, "it is HTML"))
        assert {world.fetch() for _ in range(50)} == {"Transient"}


class TestShopify:
    def test_is_away_once_several_shops_in_a_row_fail(self, world: World) -> None:
        world.shopify.fail()
        for shop in (FIRST, SECOND, FIRST, SECOND, THIRD):
            world.fetch(shop)
        assert world.away() == {Kind.SHOPIFY: 1}
        assert world.fetch(a_shop("user-9", "shop-9.myshopify.com")) == "Unavailable"

    def test_is_not_away_because_of_a_single_shop(self, world: World) -> None:
        world.shopify.fail(times=5)
        for _ in range(5):
            world.fetch(FIRST)
        assert Kind.SHOPIFY not in world.away()

    def test_is_away_if_several_shops_get_answers_of_no_use(self, world: World) -> None:
        world.shopify.meet(Transient(Reason.SHOPIFY_ERROR, "it is HTML"))
        endings = [world.fetch(shop) for shop in (FIRST, SECOND, THIRD, FIRST, SECOND, THIRD)]
        assert endings == ["Transient"] * 4 + ["Unavailable"] * 2

    def test_is_asked_by_one_at_a_time_then(self, world: World) -> None:
        world.shopify.fail()
        for shop in (FIRST, SECOND, FIRST, SECOND, THIRD):
            world.fetch(shop)
        world.clock.advance(MINUTE)
        world.breakers.admit(SHOPIFY)
        assert world.fetch(SECOND) == "Unavailable"
        world.breakers.worked(SHOPIFY)
        world.shopify.recover()
        assert world.fetch(SECOND) == "answered"


class TestTheOrdersTable:
    def test_is_blamed_for_the_fifth_failure_and_no_page_is(self, world: World) -> None:
        world.table.throttle()
        assert [world.save() for _ in range(5)] == ["Transient"] * 4 + ["Unavailable"]

    def test_keeps_shops_from_being_asked_in_vain(self, world: World) -> None:
        world.table.throttle()
        for _ in range(5):
            world.save()
        assert world.fetch() == "Unavailable"
        assert world.shopify.pages == []

    def test_is_asked_again_by_a_probe(self, world: World) -> None:
        world.table.throttle(times=5)
        for _ in range(5):
            world.save()
        world.clock.advance(MINUTE)
        assert (world.fetch(), world.fetch(SECOND)) == ("answered", "Unavailable")
        assert (world.save(), world.fetch(SECOND)) == ("answered", "answered")

    def test_gives_the_place_of_the_probe_on_if_the_page_cannot_be_fetched(
        self, world: World
    ) -> None:
        world.table.throttle(times=5)
        for _ in range(5):
            world.save()
        world.clock.advance(MINUTE)
        world.shopify.fail(times=1)
        assert (world.fetch(), world.fetch(SECOND)) == ("Outage", "answered")


class TestTheState:
    def test_is_away_after_failures_in_a_row(self, world: World) -> None:
        world.store.fail_next(times=5)
        assert {world.find() for _ in range(5)} == {"Transient"}
        assert world.away() == {Kind.DYNAMODB: 1}

    def test_is_away_if_it_refuses_whatever_is_asked(self, world: World) -> None:
        world.store.fail_next(_refused(), times=5)
        for _ in range(5):
            world.find()
        assert world.away() == {Kind.DYNAMODB: 1}

    def test_is_not_blamed_for_an_item_that_cannot_be_read(self, world: World) -> None:
        unreadable = Permanent(Reason.DATABASE_ERROR, "the run of user-1: page is no number")
        world.store.fail_next(unreadable, times=50)
        for _ in range(50):
            world.find()
        assert world.away() == {}

    def test_sends_deliveries_back_unread_but_for_a_probe(self, world: World) -> None:
        world.store.fail_next(times=5)
        for _ in range(5):
            world.find()
        refused = world.handle()
        assert isinstance(refused, Later)
        assert refused.why is Why.AWAY
        world.clock.advance(MINUTE)
        assert world.handle() == Done()

    def test_blames_nobody_who_meets_the_outage(self, world: World) -> None:
        world.store.fail_next(times=5)

        def do() -> Outcome:
            for _ in range(5):
                world.find()
            return Later(timedelta(minutes=15))

        outcome = world.handle(do)
        assert isinstance(outcome, Later)
        assert outcome.why is Why.AWAY
        assert outcome.after <= LONGEST_WAIT

    def test_is_calm_once_those_who_went_back_have_had_time_to_come(self, world: World) -> None:
        assert world.breakers.calm(STATE)
        world.store.fail_next(times=5)
        for _ in range(5):
            world.find()
        assert not world.breakers.calm(STATE)
        world.find()
        assert not world.breakers.calm(STATE)
        world.clock.advance(LONGEST_WAIT + timedelta(seconds=1))
        assert world.breakers.calm(STATE)


class TestBreakers:
    def test_forget_a_shop_that_nobody_asks_any_more(self, world: World) -> None:
        world.shopify.fail(times=5)
        for _ in range(5):
            world.fetch()
        world.breakers.forget_idle()
        assert world.away() == {Kind.SHOP: 1}
        world.clock.advance(20 * MINUTE)
        world.breakers.forget_idle()
        assert world.away() == {}
        assert [each.is_open for each in world.observer.of(BreakerChanged)] == [True, False]

    def test_remember_nothing_of_what_answers(self, world: World) -> None:
        for number in range(10):
            world.fetch(a_shop(f"user-{number}", f"shop-{number}.myshopify.com"))
        world.breakers.undecided(ORDERS, Dependency(Kind.SHOP, "another"))
        assert world.breakers._breakers == {}


def _refused() -> Permanent:
    cause = ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetItem")
    failure = Permanent(Reason.DATABASE_ERROR, "table sync_checkpoints: AccessDeniedException")
    failure.__cause__ = cause
    return failure
