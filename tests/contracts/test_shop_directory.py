"""What every directory of shops promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from adapters.dynamodb_shops import DynamoShops
from domain.failures import Transient
from domain.ports import ShopDirectory
from domain.shops import ConnectedShop, ShopStatus
from tests.builders import NOW, USER, a_shop
from tests.contracts.troubled_stores import OnTheWire, Trouble
from tests.dynamodb import Wire
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

    def test_connects_a_shop_once_that_is_connected_twice(self, shops: ShopDirectory) -> None:
        for _ in range(2):
            shops.connect(a_shop())
        assert shops.find(USER) == replace(a_shop(), updated_at=NOW)
        assert list(shops.each(ShopStatus.CONNECTED)) == [USER]

    def test_lists_a_user_only_under_the_latest_status(self, shops: ShopDirectory) -> None:
        shops.connect(a_shop())
        shops.connect(replace(a_shop(), status=ShopStatus.UNAVAILABLE))
        assert list(shops.each(ShopStatus.CONNECTED)) == []
        assert list(shops.each(ShopStatus.UNAVAILABLE)) == [USER]

    def test_keeps_every_shop_that_is_connected_at_once(self, shops: ShopDirectory) -> None:
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda n: shops.connect(a_shop(f"user-{n}")), range(16)))
        assert set(shops.each(ShopStatus.CONNECTED)) == {f"user-{n}" for n in range(16)}

    def test_keeps_one_of_the_shops_that_a_user_connects_at_once(
        self, shops: ShopDirectory
    ) -> None:
        with ThreadPoolExecutor(16) as threads:
            list(
                threads.map(
                    lambda n: shops.connect(a_shop(shop=f"s{n}.myshopify.com", token=f"t{n}")),
                    range(16),
                )
            )
        found = shops.find(USER)
        assert found is not None
        assert found.shop == f"s{found.access_token.removeprefix('t')}.myshopify.com"
        assert list(shops.each(ShopStatus.CONNECTED)) == [USER]

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()


class TroublePromises:
    def test_does_nothing_where_a_call_fails(self, shops: ShopDirectory, trouble: Trouble) -> None:
        shops.connect(a_shop(token="shpat_old"))
        trouble.fail_next()
        with pytest.raises(Transient):
            shops.connect(a_shop())
        found = shops.find(USER)
        assert found is not None
        assert found.access_token == "shpat_old"

    def test_does_not_take_a_failure_for_nobody(
        self, shops: ShopDirectory, trouble: Trouble
    ) -> None:
        shops.connect(a_shop())
        trouble.fail_next()
        with pytest.raises(Transient):
            shops.find(USER)
        trouble.fail_next()
        with pytest.raises(Transient):
            list(shops.each(ShopStatus.CONNECTED))

    def test_connects_once_what_is_connected_again_after_a_lost_answer(
        self, shops: ShopDirectory, trouble: Trouble
    ) -> None:
        trouble.lose_next_answer()
        with pytest.raises(Transient):
            shops.connect(a_shop())
        connected = shops.find(USER)
        assert connected == replace(a_shop(), updated_at=NOW)
        shops.connect(a_shop())
        assert shops.find(USER) == connected


class TestFakeShops(ShopDirectoryPromises, TroublePromises):
    @pytest.fixture
    def trouble(self, shops: FakeShops) -> Trouble:
        return shops

    @pytest.fixture
    def shops(self, clock: FakeClock) -> ShopDirectory:
        return FakeShops(clock)


class TestDynamoShops(ShopDirectoryPromises):
    @pytest.fixture
    def shops(self, dynamodb: DynamoDBClient, shops_table: str, clock: FakeClock) -> ShopDirectory:
        return DynamoShops(dynamodb, shops_table, clock)


class TestDynamoShopsInTrouble(TroublePromises):
    """The client does not retry: callers see what else botocore sits out."""

    @pytest.fixture
    def shops(self, impatient_dynamodb: DynamoDBClient, shops_table: str) -> ShopDirectory:
        return DynamoShops(impatient_dynamodb, shops_table, FakeClock())

    @pytest.fixture
    def trouble(self, impatient_dynamodb: DynamoDBClient) -> Trouble:
        return OnTheWire(Wire(impatient_dynamodb))
