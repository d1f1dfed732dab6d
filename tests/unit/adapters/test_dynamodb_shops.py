"""Shops in DynamoDB: what no other implementation has."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.dynamodb_shops import DynamoShops
from adapters.token_vault import OpenVault
from domain.failures import Permanent, Reason, Transient
from domain.shops import ShopStatus, Standing
from tests.builders import SHOP, USER, a_shop
from tests.dynamodb import Answer, Wire, an_error
from tests.fakes.clock import FakeClock

TOKEN = "shpat_secret"


class Locked(OpenVault):
    """Its key cannot be used."""

    def seal(self, *_: object) -> dict[str, str]:
        raise Permanent(Reason.DATABASE_ERROR, "the key is disabled")


@pytest.fixture
def shops(dynamodb: Any, shops_table: str) -> DynamoShops:
    return DynamoShops(dynamodb, shops_table, FakeClock())


def put(shops: DynamoShops, **attributes: Any) -> None:
    """A person, or another service, stores the item."""
    item = {"userId": {"S": USER}, "shop": {"S": SHOP}, "accessToken": {"S": TOKEN}}
    shops.client.put_item(TableName=shops.table, Item={**item, **attributes})


class TestAShopThatSomebodyElseStored:
    def test_needs_no_more_than_its_name_and_token(self, shops: DynamoShops) -> None:
        put(shops)
        found = shops.find(USER)
        assert found == a_shop(token=TOKEN)
        assert list(shops.each(ShopStatus.CONNECTED)) == [USER]

    def test_may_be_written_in_capitals(self, shops: DynamoShops) -> None:
        put(shops, shop={"S": SHOP.upper()})
        assert shops.find(USER) == a_shop(token=TOKEN)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("shop", {"S": "evil.example/?"}),
            ("shop", {"N": "1"}),
            ("accessToken", {"S": ""}),
            ("accessToken", {"B": b"x"}),
            ("status", {"S": "asleep"}),
            ("updatedAt", {"S": "yesterday"}),
        ],
    )
    def test_is_named_with_the_attribute_that_cannot_be_read(
        self, shops: DynamoShops, name: str, value: Any
    ) -> None:
        put(shops, **{name: value})
        with pytest.raises(Permanent) as caught:
            shops.find(USER)
        message = f"the shop of user user-1: the attribute {name} cannot be read"
        assert caught.value.message == message


class TestAShopWhoseTokensAreSealed:
    def test_stands_where_it_stands_for_who_has_no_key(self, shops: DynamoShops) -> None:
        put(shops, accessToken={"S": "kms:v1:a2V5:c2VhbGVk"})
        with pytest.raises(Permanent, match="SYNC_TOKENS_KMS_KEY"):
            shops.find(USER)
        assert shops.standing(USER) == Standing(SHOP, ShopStatus.CONNECTED)


class TestConnecting:
    def test_forgets_what_belonged_to_the_earlier_credentials(self, shops: DynamoShops) -> None:
        put(
            shops,
            accessTokenExpiresAt={"S": "2026-11-23T13:00:00Z"},
            refreshToken={"S": "shprt_old"},
            refreshTokenExpiresAt={"S": "2027-02-21T12:00:00Z"},
            scopes={"S": "read_orders"},
            plan={"S": "gold"},
        )
        shops.connect(a_shop())
        item = shops.client.get_item(TableName=shops.table, Key={"userId": {"S": USER}})["Item"]
        assert set(item) == {"userId", "shop", "accessToken", "status", "updatedAt", "plan"}

    def test_asks_for_the_key_before_it_changes_anything(self, shops: DynamoShops) -> None:
        locked = DynamoShops(shops.client, shops.table, shops.clock, Locked())
        with pytest.raises(Permanent, match="the key is disabled"):
            locked.prepare(a_shop())

    def test_names_no_token_when_it_fails(self, impatient_dynamodb: Any, shops_table: str) -> None:
        shops = DynamoShops(impatient_dynamodb, shops_table, FakeClock())
        wire = Wire(shops.client)
        wire.answer(lambda _, asked: (500, an_error("InternalServerError", str(asked))))
        with pytest.raises(Transient) as caught:
            shops.connect(a_shop(token=TOKEN))
        assert TOKEN not in caught.value.message


class TestTheUsers:
    def test_are_read_page_after_page_and_only_when_asked_for(self, shops: DynamoShops) -> None:
        for number in range(3):
            shops.connect(a_shop(f"user-{number}"))
        wire = Wire(shops.client)

        def one_at_a_time(operation: str, asked: dict[str, Any]) -> Answer | None:
            if operation != "Scan" or asked.get("Limit"):
                return None
            page: Any = shops.client.scan(**asked, Limit=1)
            return 200, {k: v for k, v in page.items() if k != "ResponseMetadata"}

        wire.answer(one_at_a_time)
        users = shops.each(ShopStatus.CONNECTED)
        assert wire.requests == []
        assert sorted(users) == ["user-0", "user-1", "user-2"]
