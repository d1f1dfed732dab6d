"""What every token endpoint promises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from adapters.retrying import Retrying
from adapters.shopify_grant_answers import tokens_in
from adapters.shopify_grants import AppCredentials, ShopifyGrants
from domain.failures import ClientRefused, Permanent, Reason, RefreshRefused
from domain.ports import TokenGrants
from domain.shops import ConnectedShop, Tokens
from sandbox.shopify.faults import Fault, Switch
from sandbox.shopify.server import ShopifyServer
from sandbox.shopify.shops import Shop, Shops
from sandbox.shopify.tokens import CLIENT_ID, CLIENT_SECRET
from sandbox.shopify.world import World
from tests.builders import SHOP, USER
from tests.fakes.clock import FakeClock
from tests.fakes.grants import FakeGrants
from tests.shopify import Bench, Evenly


def shop_with(tokens: Tokens) -> ConnectedShop:
    return ConnectedShop(USER, SHOP, tokens)


def grants_at(bench: Bench) -> TokenGrants:
    attempts = Retrying(bench.retries, bench.pause, Evenly(), bench.observer)
    return ShopifyGrants(bench.transport, attempts, AppCredentials(CLIENT_ID, CLIENT_SECRET))


def refreshed(grants: TokenGrants, tokens: Tokens) -> Tokens:
    assert tokens.refresh is not None
    return grants.refresh(shop_with(tokens), tokens.refresh)


class GrantPromises:
    """`first` is the pair that the app got when it was installed."""

    def test_gives_another_pair(self, grants: TokenGrants, first: Tokens, clock: FakeClock) -> None:
        second = refreshed(grants, first)
        assert second.refresh is not None
        assert not {first.access, first.refresh} & {second.access, second.refresh}
        assert second.expires_at == clock.now() + timedelta(hours=1)
        assert second.refresh_expires_at == clock.now() + timedelta(days=90)
        assert "read_orders" in second.scopes

    def test_gives_a_pair_again_where_the_answer_was_lost(
        self, grants: TokenGrants, first: Tokens
    ) -> None:
        refreshed(grants, first)
        again = refreshed(grants, first)
        assert refreshed(grants, again).refresh != again.refresh

    def test_takes_a_refresh_token_until_its_replacement_is_used(
        self, grants: TokenGrants, first: Tokens
    ) -> None:
        second = refreshed(grants, first)
        refreshed(grants, second)
        with pytest.raises(RefreshRefused):
            refreshed(grants, first)

    def test_refuses_what_it_never_gave(self, grants: TokenGrants, first: Tokens) -> None:
        with pytest.raises(RefreshRefused) as caught:
            grants.refresh(shop_with(first), "shprt_made-up")
        assert "made-up" not in caught.value.message


class TestShopifyGrants(GrantPromises):
    """Over HTTP, as the sandbox's token endpoint answers."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def world(self, clock: FakeClock) -> World:
        return World(
            Shops([Shop(SHOP, orders=3)]), clock.monotonic, wall=lambda: clock.now().timestamp()
        )

    @pytest.fixture
    def grants(self, world: World, clock: FakeClock) -> Iterator[TokenGrants]:
        with ShopifyServer(world) as server:
            yield grants_at(Bench(url=f"{server.url}/{{shop}}", clock=clock, retries=1))

    @pytest.fixture
    def first(self, world: World, clock: FakeClock) -> Tokens:
        return tokens_in(world.tokens.install(SHOP), clock.now())

    @pytest.mark.parametrize("fault", [Fault.GRANT_LOST, Fault.GRANT_UNAVAILABLE])
    def test_asks_again_with_the_same_token_where_no_answer_came(
        self, grants: TokenGrants, first: Tokens, world: World, fault: Fault
    ) -> None:
        world.faults.add(Switch(fault, times=1))
        assert refreshed(grants, first).refresh != first.refresh
        assert world.tokens.grants == (2 if fault is Fault.GRANT_LOST else 1)

    @pytest.mark.parametrize("fault", [Fault.GRANT_DEAD, Fault.INVALID_GRANT])
    def test_knows_a_dead_token_by_either_word(
        self, grants: TokenGrants, first: Tokens, world: World, fault: Fault
    ) -> None:
        world.faults.add(Switch(fault))
        with pytest.raises(RefreshRefused):
            refreshed(grants, first)

    def test_takes_the_apps_own_trouble_for_no_shops(
        self, grants: TokenGrants, first: Tokens, world: World
    ) -> None:
        world.faults.add(Switch(Fault.INVALID_CLIENT))
        with pytest.raises(ClientRefused, match="SYNC_SHOPIFY_CLIENT_SECRET"):
            refreshed(grants, first)

    def test_refuses_a_token_of_an_app_that_was_uninstalled(
        self, grants: TokenGrants, first: Tokens, world: World
    ) -> None:
        world.tokens.uninstall(SHOP)
        with pytest.raises(RefreshRefused):
            refreshed(grants, first)

    def test_says_that_a_shop_is_gone(self, grants: TokenGrants) -> None:
        gone = ConnectedShop(USER, "gone.myshopify.com", Tokens("a", refresh="b"))
        with pytest.raises(Permanent) as caught:
            grants.refresh(gone, "b")
        assert caught.value.reason is Reason.SHOP_UNAVAILABLE


class TestFakeGrants(GrantPromises):
    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def grants(self, clock: FakeClock) -> FakeGrants:
        return FakeGrants(clock)

    @pytest.fixture
    def first(self, grants: FakeGrants) -> Tokens:
        return grants.install(SHOP)
