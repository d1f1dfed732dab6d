from __future__ import annotations

from typing import Any

import pytest

from domain.orders import Json, Order
from domain.personal_data import allowed, customer_of, in_doubt, redacted
from tests.builders import NOW, an_order

ADA: dict[str, Json] = {"id": "gid://shopify/Customer/7", "legacyResourceId": "7"}
NAMELESS: dict[str, Json] = {**ADA, "firstName": None, "defaultPhoneNumber": None}


def with_fields(**fields: Any) -> Order:
    return an_order(1, NOW, **fields)


def doubts(*orders: Order) -> list[set[str]]:
    return [set(order.withheld) for order in in_doubt(orders)]


class TestNullsThatMayHideSomething:
    def test_are_in_doubt_where_nothing_of_their_kind_is_shown(self) -> None:
        order = with_fields(email=None, phone=None, customer=None, shippingAddress=None)
        assert doubts(order) == [{"email", "phone", "customer", "shippingAddress"}]

    def test_are_empty_where_another_order_shows_such_a_thing(self) -> None:
        shown = with_fields(email="a@example.com", customer={**ADA, "firstName": "Ada"})
        hidden = with_fields(email=None, phone=None, customer=NAMELESS)
        assert doubts(shown, hidden) == [set(), {"phone", "customer.defaultPhoneNumber"}]

    def test_are_of_a_kind_wherever_it_stands(self) -> None:
        """An approval for phone numbers is one for all of them."""
        shown = with_fields(billingAddress={"city": "Faketown", "phone": "+15550100"})
        hidden = with_fields(phone=None, shippingAddress={"city": None, "phone": None})
        assert doubts(shown, hidden) == [set(), set()]

    def test_are_looked_for_within_an_address(self) -> None:
        order = with_fields(shippingAddress={"city": "Faketown", "address2": None, "name": None})
        assert doubts(order) == [{"shippingAddress.name"}]

    def test_are_none_where_the_field_is_not_there(self) -> None:
        assert doubts(with_fields(note=None)) == [set()]


class TestARedactedOrder:
    ORDER = with_fields(
        email="a@example.com",
        phone="+15550100",
        customer=ADA,
        shippingAddress={"city": "Faketown"},
        billingAddress=None,
        note="leave it with Bo",
        poNumber="Ada's",
        customAttributes=[{"key": "gift for", "value": "Bo"}],
        lineItems=[{"title": "Ring", "customAttributes": [{"key": "engraving", "value": "Bo"}]}],
        refunds=[{"id": "1", "note": "Ada called"}],
        fulfillments=[{"id": "2", "trackingInfo": [{"number": "1Z"}]}],
        tags=["wholesale"],
        totalPriceSet={"shopMoney": {"amount": "10.0"}},
    )

    def test_has_nothing_about_the_customer(self) -> None:
        text = repr(redacted(self.ORDER).fields)
        for personal in ("example.com", "555", "Customer", "Faketown", "Bo", "Ada", "1Z"):
            assert personal not in text

    def test_keeps_what_was_sold_for_how_much(self) -> None:
        fields = redacted(self.ORDER).fields
        assert fields["totalPriceSet"] == self.ORDER.fields["totalPriceSet"]
        assert fields["lineItems"] == [{"title": "Ring", "customAttributes": []}]
        assert fields["refunds"] == [{"id": "1", "note": None}]
        assert (fields["tags"], fields["name"]) == (["wholesale"], "#1")

    def test_has_the_same_fields(self) -> None:
        assert redacted(self.ORDER).fields.keys() == self.ORDER.fields.keys()
        assert redacted(with_fields()).fields == with_fields().fields

    def test_leaves_the_order_that_it_was_made_of(self) -> None:
        before = repr(self.ORDER)
        redacted(self.ORDER)
        assert repr(self.ORDER) == before

    @pytest.mark.parametrize("odd", ["text", None, [None, "x", 3], {"a": 1}])
    def test_may_be_odd(self, odd: Json) -> None:
        assert redacted(with_fields(lineItems=odd)).fields["lineItems"] == odd


class TestTheCustomer:
    @pytest.mark.parametrize(
        ("customer", "number"),
        [
            (ADA, "7"),
            ({"id": "gid://shopify/Customer/8"}, "8"),
            (None, None),
            ({}, None),
            ("Ada", None),
        ],
    )
    def test_of_an_order(self, customer: Json, number: str | None) -> None:
        assert customer_of({"customer": customer}) == number


class TestMinimalCustomerData:
    def test_is_the_order_itself_where_nothing_is_too_much(self) -> None:
        order = with_fields(customer=ADA, note="kept")
        assert allowed(order, "minimal") is order
        assert allowed(with_fields(email=None), "minimal").fields == with_fields().fields
