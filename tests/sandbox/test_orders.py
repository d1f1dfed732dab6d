"""Made-up orders: the same ones every time, and as awkward as real ones."""

import re
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from sandbox.shopify.money import Till, amount
from sandbox.shopify.order_maker import make_order
from sandbox.shopify.shops import Shop
from sandbox.shopify.timeline import Timeline

SHOP = Shop("a-shop.myshopify.com", orders=1_500, seed=5)


def orders(count: int, shop: Shop = SHOP) -> list[dict[str, Any]]:
    line = Timeline(shop)
    return [make_order(shop, line.key(index)) for index in range(count)]


@pytest.fixture(scope="module")
def many() -> list[dict[str, Any]]:
    return orders(400)


class TestAnOrder:
    def test_is_the_same_for_the_same_seed(self) -> None:
        assert orders(5) == orders(5)

    def test_is_another_for_another_seed(self) -> None:
        other = Shop("a-shop.myshopify.com", orders=1_500, seed=6)

        assert orders(1) != orders(1, other)

    def test_adds_up(self, many: list[dict[str, Any]]) -> None:
        for order in many:
            if order["presentmentCurrencyCode"] != "USD":
                continue
            money = {
                name: Decimal(order[f"{name}Set"]["shopMoney"]["amount"])
                for name in ("subtotalPrice", "totalShippingPrice", "totalTax", "totalPrice")
            }
            tax = Decimal(0) if order["taxesIncluded"] else money["totalTax"]
            whole = money["subtotalPrice"] + money["totalShippingPrice"] + tax
            assert money["totalPrice"] == whole

    def test_names_nobody_real(self, many: list[dict[str, Any]]) -> None:
        mail = [order["email"] for order in many if order["email"]]
        phones = [order["phone"] for order in many if order["phone"]]

        assert all(address.endswith("@example.com") for address in mail)
        assert all(re.fullmatch(r"\+1202555\d{4}", phone) for phone in phones)

    def test_has_a_timestamp_of_whole_seconds_in_utc(self, many: list[dict[str, Any]]) -> None:
        form = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

        assert all(form.fullmatch(order["updatedAt"]) for order in many)
        assert all(order["createdAt"] <= order["updatedAt"] for order in many)


class TestOrdersAsAWhole:
    def test_are_as_awkward_as_real_ones(self, many: list[dict[str, Any]]) -> None:
        kinds = {
            "no customer": any(order["customer"] is None for order in many),
            "empty note": any(order["note"] == "" for order in many),
            "no note": any(order["note"] is None for order in many),
            "emoji": any("🔔" in (order["note"] or "") for order in many),
            "test": any(order["test"] for order in many),
            "cancelled": any(order["cancelledAt"] for order in many),
            "closed": any(order["closedAt"] for order in many),
            "refunded": any(order["refunds"] for order in many),
            "tracking": any(f["trackingInfo"] for order in many for f in order["fulfillments"]),
            "discount": any(order["discountApplications"] for order in many),
            "foreign money": any(order["presentmentCurrencyCode"] == "JPY" for order in many),
            "attributes": any(order["customAttributes"] for order in many),
            "no shipping": any(order["shippingLine"] is None for order in many),
        }

        assert [kind for kind, found in kinds.items() if not found] == []

    def test_have_float_tax_rates(self, many: list[dict[str, Any]]) -> None:
        rates = {
            tax["rate"] for order in many for line in order["lineItems"] for tax in line["taxLines"]
        }

        assert 0.0725 in rates

    def test_include_one_of_300_line_items(self, many: list[dict[str, Any]]) -> None:
        assert max(len(order["lineItems"]) for order in many) == 300

    def test_have_line_item_ids_of_their_own(self, many: list[dict[str, Any]]) -> None:
        ids = Counter(line["id"] for order in many for line in order["lineItems"])

        assert ids.most_common(1)[0][1] == 1

    def test_have_ids_that_no_double_holds(self) -> None:
        line = Timeline(SHOP)

        assert line.id(0) < 2**53 < line.id(SHOP.orders - 1)


class TestATimeline:
    def test_never_goes_down(self) -> None:
        line = Timeline(SHOP)
        for index in range(SHOP.orders - 1):
            now, later = line.key(index), line.key(index + 1)
            assert now.created <= later.created
            assert now.updated <= later.updated
            assert now.id < later.id
            assert now.created <= now.updated

    def test_has_a_run_of_equal_update_times_longer_than_a_page(self) -> None:
        line = Timeline(SHOP)
        runs = Counter(line.updated(index) for index in range(SHOP.orders))

        assert runs.most_common(1)[0][1] > 250

    @pytest.mark.parametrize("index", [0, 1, 777, 1_499])
    def test_finds_an_order_by_its_id(self, index: int) -> None:
        line = Timeline(SHOP)

        assert line.index_of(line.id(index)) == index

    @pytest.mark.parametrize("order_id", [0, 5, 5_600_000_000_000 - 1, 2**62])
    def test_knows_no_order_by_another_id(self, order_id: int) -> None:
        assert Timeline(SHOP).index_of(order_id) is None


class TestMoney:
    @pytest.mark.parametrize(
        ("minor", "currency", "text"),
        [
            (1_000, "USD", "10.0"),
            (5_989, "USD", "59.89"),
            (0, "EUR", "0.0"),
            (5, "EUR", "0.05"),
            (-150, "USD", "-1.5"),
            (1_200, "JPY", "1200.0"),
            (1_234, "KWD", "1.234"),
        ],
    )
    def test_is_written_without_trailing_zeros_but_one(
        self, minor: int, currency: str, text: str
    ) -> None:
        assert amount(minor, currency) == text

    def test_is_converted_between_currencies_of_different_digits(self) -> None:
        bag = Till.of("USD", "JPY").bag(1_000)

        assert bag["shopMoney"]["amount"] == "10.0"
        assert bag["presentmentMoney"]["amount"] == "1510.0"
