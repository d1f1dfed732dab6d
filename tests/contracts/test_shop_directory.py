"""What every directory of shops promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from adapters.dynamodb_shops import DynamoShops
from domain.ports import ShopDirectory
from domain.shops import ConnectedShop, ShopStatus
from tests.builders import NOW, USER, a_shop
from tests.fakes.clock import FakeClock
from tests.fakes.shops import FakeShops

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class ShopDirectoryPromises:
    def test_knows_nobody_at_first(self, shops: ShopDirectory) -> None:
        assert shops.find(USER) is None
        assert list(shops.each(ShopStatus.CONNECTED)) == []

    def test_knows_whose_shop_is_which(self, shops: ShopDirectory) -> None:
        shops.connect(a_shop())
        shops.connect(a_shop("user-2", "other.myshopify.com", "shpat_other"))
        assert shops.find(USER) == replace(a_shop(), updated_at=NOW)

    def test_keeps_when_a_shop_was_changed(self, shops: ShopDirectory) -> None:
        changed = replace(a_shop(), updated_at=NOW - timedelta(days=1))
        shops.connect(changed)
        assert shops.find(USER) == changed

    def test_puts_new_credentials_in_place_of_the_earlier_ones(self, shops: ShopDirectory) -> None:
        shops.connect(replace(a_shop(), status=ShopStatus.REAUTH_REQUIRED))
        shops.connect(a_shop(shop="new.myshopify.com", token="shpat_new"))
        found = shops.find(USER)
        assert found == ConnectedShop(USER, "new.myshopify.com", "shpat_new", updated_at=NOW)

    @pytest.mark.parametrize("status", list(ShopStatus))
    def test_lists_the_users_whose_shop_has_a_status(
        self, shops: ShopDirectory, status: ShopStatus
    ) -> None:
        for number, each in enumerate(ShopStatus):
            shops.connect(replace(a_shop(f"user-{number}"), status=each))
        found = [shops.find(user) for user in shops.each(status)]
        assert [shop.status for shop in found if shop] == [status]

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()


class TestFakeShops(ShopDirectoryPromises):
    @pytest.fixture
    def shops(self, clock: FakeClock) -> ShopDirectory:
        return FakeShops(clock)


class TestDynamoShops(ShopDirectoryPromises):
    @pytest.fixture
    def shops(self, dynamodb: DynamoDBClient, shops_table: str, clock: FakeClock) -> ShopDirectory:
        return DynamoShops(dynamodb, shops_table, clock)
