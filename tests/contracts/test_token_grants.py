"""What every token endpoint promises."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.failures import RefreshRefused
from domain.ports import TokenGrants
from domain.shops import ConnectedShop, Tokens
from tests.builders import SHOP, USER
from tests.fakes.clock import FakeClock
from tests.fakes.grants import FakeGrants


def shop_with(tokens: Tokens) -> ConnectedShop:
    return ConnectedShop(USER, SHOP, tokens)


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
