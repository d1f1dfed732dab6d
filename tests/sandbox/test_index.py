"""A search index that lags or hides, and an app that may not read everything."""

from typing import Any

import pytest

from tests.sandbox.conftest import OpenShop, ShopUnderTest

PAGE = "{ orders(first: 250, sortKey: UPDATED_AT) { nodes { id updatedAt } } }"
COUNT = "{ ordersCount(limit: null) { count } }"


def listed(shop: ShopUnderTest) -> list[dict[str, str]]:
    nodes: list[dict[str, str]] = shop.data(PAGE)["orders"]["nodes"]
    return nodes


def counted(shop: ShopUnderTest) -> int:
    count: int = shop.data(COUNT)["ordersCount"]["count"]
    return count


class TestAnIndexThatLags:
    def test_shows_what_changed_where_it_stood_as_it_is_now(self, open_shop: OpenShop) -> None:
        shop = open_shop(30)
        before = listed(shop)
        shop.catalogue.lag()
        key = shop.catalogue.touch(3, shop.shop.last_update)
        after = listed(shop)
        assert [order["id"] for order in after] == [order["id"] for order in before]
        (changed,) = (order for order in after if order["id"].endswith(f"/{key.id}"))
        assert changed["updatedAt"] == "2026-11-20T12:00:00Z"
        shop.catalogue.catch_up()
        assert listed(shop)[-1] == changed

    def test_does_not_show_what_is_new(self, open_shop: OpenShop) -> None:
        shop = open_shop(30)
        shop.catalogue.lag()
        key = shop.catalogue.create(shop.shop.last_update)
        assert (len(listed(shop)), counted(shop)) == (30, 30)
        one = shop.data(
            "query($id: ID!) { order(id: $id) { id } }", id=f"gid://shopify/Order/{key.id}"
        )
        assert one["order"] is not None
        shop.catalogue.catch_up()
        assert (len(listed(shop)), counted(shop)) == (31, 31)

    def test_may_hide_what_it_counts(self, open_shop: OpenShop) -> None:
        shop = open_shop(30)
        shop.catalogue.hide(3)
        assert (len(listed(shop)), counted(shop)) == (29, 30)


class TestScopes:
    @pytest.mark.parametrize("field", ["appInstallation", "currentAppInstallation"])
    def test_are_told(self, open_shop: OpenShop, field: str) -> None:
        shop = open_shop(1, scopes=("read_orders",))
        scopes: Any = shop.data(f"{{ {field} {{ accessScopes {{ handle }} }} }}")[field]
        assert scopes == {"accessScopes": [{"handle": "read_orders"}]}

    def test_without_all_orders_show_sixty_days(self, open_shop: OpenShop) -> None:
        shop = open_shop(730, scopes=("read_orders",))
        assert 58 <= len(listed(shop)) <= 60
        assert counted(shop) == len(listed(shop))

    def test_without_orders_show_none(self, open_shop: OpenShop) -> None:
        body = open_shop(3, scopes=()).ask(PAGE)
        assert body["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
        assert "read_orders" in body["errors"][0]["message"]
