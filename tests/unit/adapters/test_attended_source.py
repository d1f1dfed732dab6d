"""Shops whose tokens run out, and shops that are away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from adapters.attended_source import AttendedSource
from domain.failures import (
    Permanent,
    Preparing,
    Reason,
    SecurityRejected,
    TokenRefused,
    Transient,
)
from domain.occurrences import ShopChanged, ShopEvent
from domain.orders import Order, OrderPage, PageRequest, Window
from domain.ports import OrderSource
from domain.refreshing import RefreshTokens
from domain.shops import ConnectedShop, ShopStatus, Tokens
from tests.builders import SHOP, USER, orders
from tests.fakes.chance import FakeChance
from tests.fakes.clock import FakeClock
from tests.fakes.grants import LIFE, FakeGrants
from tests.fakes.observer import FakeObserver
from tests.fakes.order_source import FakeOrderSource
from tests.fakes.pause import FakePause
from tests.fakes.shops import FakeShops

PAGE = PageRequest(size=250, cursor=None, since=None, count=False)
AWAY = Permanent(Reason.SHOP_UNAVAILABLE, "the shop is not available (HTTP 402)")


@dataclass
class Shopify(OrderSource):
    """Takes the tokens that are good."""

    orders: FakeOrderSource
    good: set[str]
    asked_with: list[str] = field(default_factory=list)

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        self._check(shop)
        return self.orders.fetch_page(shop, request)

    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:
        self._check(shop)
        return self.orders.fetch_orders(shop, order_ids)

    def _check(self, shop: ConnectedShop) -> None:
        self.asked_with.append(shop.access_token)
        if shop.access_token not in self.good:
            raise TokenRefused("the access token is not accepted (HTTP 401)")

    def count(self, shop: ConnectedShop, window: Window) -> int | None:
        self._check(shop)
        return self.orders.count(shop, window)


class Scene:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.observer = FakeObserver()
        self.shops = FakeShops(self.clock)
        self.grants = FakeGrants(self.clock)
        self.orders = FakeOrderSource(orders(3))
        self.shopify = Shopify(self.orders, {"shpat_1", "shpat_2"})
        tokens = RefreshTokens(
            self.shops,
            self.grants,
            self.clock,
            FakeChance(),
            FakePause(self.clock.advance),
            self.observer,
        )
        self.source = AttendedSource(self.shopify, tokens, self.shops, self.observer)
        self.shops.connect(ConnectedShop(USER, SHOP, self.grants.install(SHOP)))

    @property
    def shop(self) -> ConnectedShop:
        found = self.shops.find(USER)
        assert found is not None
        return found

    @property
    def events(self) -> list[ShopEvent]:
        return [change.event for change in self.observer.of(ShopChanged)]


ASKS: dict[str, Callable[[Scene], int]] = {
    "a page": lambda scene: len(scene.source.fetch_page(scene.shop, PAGE).orders),
    "single orders": lambda scene: len(scene.source.fetch_orders(scene.shop, ("1", "2", "3"))),
}


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture(params=ASKS)
def ask(request: pytest.FixtureRequest) -> Callable[[Scene], int]:
    return ASKS[request.param]


class TestAToken:
    def test_is_used_as_it_is_while_it_is_good(
        self, scene: Scene, ask: Callable[[Scene], int]
    ) -> None:
        assert ask(scene) == 3
        assert scene.shopify.asked_with == ["shpat_1"]

    def test_is_refreshed_before_it_expires(
        self, scene: Scene, ask: Callable[[Scene], int]
    ) -> None:
        scene.clock.advance(LIFE - timedelta(minutes=1))
        assert ask(scene) == 3
        assert scene.shopify.asked_with == ["shpat_2"]

    def test_is_refreshed_once_when_it_is_refused(
        self, scene: Scene, ask: Callable[[Scene], int]
    ) -> None:
        scene.shopify.good.remove("shpat_1")
        assert ask(scene) == 3
        assert scene.shopify.asked_with == ["shpat_1", "shpat_2"]

    def test_that_is_refused_fresh_as_it_is_is_not_refreshed_again(
        self, scene: Scene, ask: Callable[[Scene], int]
    ) -> None:
        scene.shopify.good.clear()
        with pytest.raises(Permanent) as raised:
            ask(scene)
        assert raised.value.reason is Reason.SHOP_UNAUTHORIZED
        assert scene.shopify.asked_with == ["shpat_1", "shpat_2"]
        assert scene.shop.status is ShopStatus.CONNECTED


class TestAFixedTokenThatWasRefused:
    @pytest.fixture
    def refused(self, scene: Scene) -> Scene:
        scene.shops.connect(ConnectedShop(USER, SHOP, Tokens("shpat_fixed")))
        with pytest.raises(TokenRefused):
            scene.source.fetch_page(scene.shop, PAGE)
        return scene

    def test_needs_a_person(self, refused: Scene) -> None:
        assert refused.shop.status is ShopStatus.REAUTH_REQUIRED
        assert refused.events == [ShopEvent.REAUTH_REQUIRED]

    def test_is_found_to_be_good_by_who_asks_again(self, refused: Scene) -> None:
        refused.shopify.good.add("shpat_fixed")
        refused.source.fetch_page(refused.shop, PAGE)
        assert (refused.shop.status, refused.shop.absence) == (ShopStatus.CONNECTED, None)
        assert refused.events[1:] == [ShopEvent.AVAILABLE]


class TestAShopThatIsAway:
    def test_is_parked_with_the_reason(self, scene: Scene, ask: Callable[[Scene], int]) -> None:
        scene.orders.meet(AWAY)
        for _ in range(2):
            with pytest.raises(Permanent):
                ask(scene)
        assert scene.shop.status is ShopStatus.UNAVAILABLE
        assert scene.shop.absence is not None
        assert scene.shop.absence.reason == "the shop is not available (HTTP 402)"
        assert scene.events == [ShopEvent.UNAVAILABLE]

    def test_is_parked_when_its_token_cannot_be_refreshed(self, scene: Scene) -> None:
        scene.clock.advance(LIFE)
        scene.grants.fail_next(AWAY)
        with pytest.raises(Permanent):
            scene.source.fetch_page(scene.shop, PAGE)
        assert scene.shop.status is ShopStatus.UNAVAILABLE

    @pytest.mark.parametrize("answer", [None, Preparing("op", timedelta(seconds=2), "wait")])
    def test_is_connected_again_as_soon_as_it_answers(
        self, scene: Scene, answer: Exception | None
    ) -> None:
        scene.shops.park(scene.shop, "HTTP 402")
        if answer is None:
            scene.source.fetch_page(scene.shop, PAGE)
        else:
            scene.orders.meet(answer)
            with pytest.raises(Preparing):
                scene.source.fetch_page(scene.shop, PAGE)
        assert scene.shop.status is ShopStatus.CONNECTED
        assert scene.events == [ShopEvent.AVAILABLE]

    def test_is_not_parked_for_what_is_wrong_with_the_app(self, scene: Scene) -> None:
        scene.orders.refuse(Reason.SHOP_UNAUTHORIZED, "the app may not read the shop (HTTP 403)")
        with pytest.raises(Permanent):
            scene.source.fetch_page(scene.shop, PAGE)
        assert scene.shop.status is ShopStatus.CONNECTED
        assert scene.events == []


class TestScopes:
    def test_are_kept_with_the_token_that_was_asked_with(self, scene: Scene) -> None:
        scene.clock.advance(LIFE)
        scene.orders.scopes = ("read_orders",)
        assert scene.source.fetch_page(scene.shop, PAGE).scopes == ("read_orders",)
        assert scene.shop.tokens.scopes == ("read_orders",)
        assert scene.shop.access_token == "shpat_2"


class TestAParkedShopThatRefusesTheApp:
    """It is not away any more: it stands as any shop does that answers so."""

    @pytest.fixture
    def parked(self, scene: Scene) -> Scene:
        scene.shops.park(scene.shop, "the shop is not available (HTTP 402)")
        return scene

    def reason(self, scene: Scene) -> str | None:
        return scene.shop.absence.reason if scene.shop.absence else None

    def test_needs_a_person_if_its_fixed_token_is_refused(self, scene: Scene) -> None:
        scene.shops.connect(ConnectedShop(USER, SHOP, Tokens("shpat_fixed")))
        scene.shops.park(scene.shop, "the shop is not available (HTTP 402)")
        with pytest.raises(TokenRefused):
            scene.source.fetch_page(scene.shop, PAGE)
        assert scene.shop.status is ShopStatus.REAUTH_REQUIRED
        assert self.reason(scene) == "the access token is not accepted (HTTP 401)"

    def test_needs_a_person_if_its_refresh_token_is_dead(self, parked: Scene) -> None:
        parked.shopify.good.clear()
        parked.grants.uninstall(SHOP)
        with pytest.raises(Permanent):
            parked.source.fetch_page(parked.shop, PAGE)
        assert parked.shop.status is ShopStatus.REAUTH_REQUIRED
        assert "refresh token" in (self.reason(parked) or "")

    def test_is_connected_if_a_token_is_refused_that_it_has_just_granted(
        self, parked: Scene
    ) -> None:
        parked.shopify.good.clear()
        with pytest.raises(TokenRefused):
            parked.source.fetch_page(parked.shop, PAGE)
        assert (parked.shop.status, self.reason(parked)) == (ShopStatus.CONNECTED, None)
        assert parked.events == [ShopEvent.REFRESHED, ShopEvent.AVAILABLE]

    def test_is_connected_if_the_app_lacks_a_scope(self, parked: Scene) -> None:
        parked.orders.refuse(Reason.SHOP_UNAUTHORIZED, "the app may not read the shop (HTTP 403)")
        with pytest.raises(Permanent):
            parked.source.fetch_page(parked.shop, PAGE)
        assert (parked.shop.status, self.reason(parked)) == (ShopStatus.CONNECTED, None)

    def test_needs_a_person_still_if_the_token_was_refused_that_took_its_place(
        self, scene: Scene
    ) -> None:
        before = scene.shop
        scene.shops.connect(ConnectedShop(USER, SHOP, Tokens("shpat_other")))
        scene.shops.require_reauth(scene.shop, "HTTP 401")
        scene.shopify.good.clear()
        with pytest.raises(TokenRefused):
            scene.source.fetch_page(before, PAGE)
        assert (scene.shop.status, self.reason(scene)) == (ShopStatus.REAUTH_REQUIRED, "HTTP 401")


class TestASecurityRejection:
    def test_is_told(self, scene: Scene) -> None:
        why = Transient(Reason.SHOPIFY_ERROR, "rejected (HTTP 430)")
        scene.orders.meet(SecurityRejected(timedelta(minutes=5), why))
        with pytest.raises(SecurityRejected):
            scene.source.fetch_page(scene.shop, PAGE)
        (change,) = scene.observer.of(ShopChanged)
        assert (change.event, change.why) == (ShopEvent.REJECTED, "rejected (HTTP 430)")
