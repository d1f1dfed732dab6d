"""Fields of REST orders in the canonical schema: each rule that is more than another name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from adapters.shopify_rest_fields import fields_of
from adapters.shopify_rest_values import amount, instant, percentage, text, words
from domain.orders import Json


def both(shop: str, presentment: str, currencies: str = "USD USD") -> dict[str, Any]:
    here, there = currencies.split()
    return {
        "shop_money": {"amount": shop, "currency_code": here},
        "presentment_money": {"amount": presentment, "currency_code": there},
    }


def in_dollars(sum_: str) -> dict[str, Any]:
    money = {"amount": sum_, "currencyCode": "USD"}
    return {"shopMoney": money, "presentmentMoney": money}


def fields(**node: Any) -> dict[str, Any]:
    return fields_of({"id": 1, "currency": "USD", "presentment_currency": "USD", **node}, "minimal")


def refund(given: str, **changes: Any) -> dict[str, Any]:
    payment = {"amount": given, "currency": "USD", "kind": "refund", "status": "success"}
    return {"id": 7, "transactions": [{**payment, **changes}]}


class TestAValue:
    @pytest.mark.parametrize(
        ("rest", "graphql"),
        [
            ("10.00", "10.0"),
            ("59.89", "59.89"),
            ("1500", "1500.0"),
            ("1.230", "1.23"),
            ("-3.50", "-3.5"),
            ("0.00", "0.0"),
            (None, None),
            ("1e3", "1e3"),
        ],
    )
    def test_of_money_is_in_the_words_of_graphql(self, rest: Json, graphql: Json) -> None:
        assert amount(rest) == graphql

    @pytest.mark.parametrize(
        ("rest", "graphql"),
        [
            ("2026-02-04T15:25:46+11:00", "2026-02-04T04:25:46Z"),
            ("2026-11-01T01:59:30-04:00", "2026-11-01T05:59:30Z"),
            ("2026-11-01T01:10:00-05:00", "2026-11-01T06:10:00Z"),
            (None, None),
            ("soon", "soon"),
        ],
    )
    def test_of_time_is_the_same_instant(self, rest: Json, graphql: Json) -> None:
        assert instant(rest) == graphql

    def test_of_tags_is_a_list(self) -> None:
        assert [words("b, a b"), words(""), words(None)] == [["b", "a b"], [], []]

    def test_of_a_rate_is_a_percentage_too(self) -> None:
        assert percentage(Decimal("0.0725")) == Decimal("7.25")
        assert str(percentage(Decimal("0.1"))) == "10.0"

    def test_that_a_script_put_there_is_a_text(self) -> None:
        assert [text(7), text({"a": 1}), text("x"), text(None)] == ["7", '{"a":1}', "x", None]


class TestAnOrder:
    @pytest.mark.parametrize(
        ("rest", "graphql"),
        [
            (None, "UNFULFILLED"),
            ("partial", "PARTIALLY_FULFILLED"),
            ("fulfilled", "FULFILLED"),
            ("restocked", "RESTOCKED"),
        ],
    )
    def test_has_a_fulfillment_status(self, rest: str | None, graphql: str) -> None:
        assert fields(fulfillment_status=rest)["displayFulfillmentStatus"] == graphql

    def test_keeps_ids_that_no_double_holds(self) -> None:
        order = fields(id=820982911946154508)
        assert order["id"] == "gid://shopify/Order/820982911946154508"
        assert order["legacyResourceId"] == "820982911946154508"

    def test_has_codes_that_were_entered_and_no_titles(self) -> None:
        applied = [
            {"type": "discount_code", "code": "SAVE5"},
            {"type": "automatic", "title": "Autumn sale"},
        ]
        assert fields(discount_applications=applied)["discountCodes"] == ["SAVE5"]

    def test_leaves_out_what_the_answer_lacks_and_keeps_nulls(self) -> None:
        order = fields(total_price_set=None, note=None)
        assert order["totalPriceSet"] is None
        assert order["note"] is None
        assert "customer" not in order
        assert "email" not in order

    def test_has_no_more_of_a_customer_than_is_allowed(self) -> None:
        order = fields(
            customer={"id": 5, "first_name": "Ada", "email": "a@example.com"},
            email="a@example.com",
            shipping_address={"address1": "1 Sample Street"},
        )
        assert order["customer"] == {"id": "gid://shopify/Customer/5", "legacyResourceId": "5"}
        assert "a@example.com" not in str(order)
        assert "Sample Street" not in str(order)

    def test_names_a_customer_without_names_by_the_address(self) -> None:
        node: dict[str, Json] = {
            "id": 5,
            "first_name": None,
            "last_name": "",
            "email": "a@example.com",
        }
        order: Any = fields_of({"customer": node}, "full")
        assert order["customer"]["displayName"] == "a@example.com"
        assert fields_of({"customer": None}, "full")["customer"] is None

    def test_has_no_shipping_line_that_was_removed(self) -> None:
        lines = [{"id": 1, "is_removed": True}, {"id": 2, "is_removed": False}]
        assert fields(shipping_lines=lines)["shippingLines"] == [
            {"id": "gid://shopify/ShippingLine/2", "isRemoved": False}
        ]

    def test_has_a_tracking_entry_for_each_number(self) -> None:
        parcel = {"tracking_company": "UPS", "tracking_numbers": ["1", "2"], "tracking_urls": ["u"]}
        (shown,) = fields(fulfillments=[parcel])["fulfillments"]
        assert shown["trackingInfo"] == [
            {"number": "1", "company": "UPS", "url": "u"},
            {"number": "2", "company": "UPS", "url": None},
        ]


class TestASumThatRestLacks:
    def test_is_what_the_refunds_gave_back(self) -> None:
        order = fields(refunds=[refund("3.50"), refund("1.00")])
        assert order["totalRefundedSet"] == in_dollars("4.5")
        assert order["refunds"][0]["totalRefundedSet"] == in_dollars("3.5")
        assert fields(refunds=[])["totalRefundedSet"] == in_dollars("0.0")

    @pytest.mark.parametrize(
        "changes", [{"currency": "EUR"}, {"status": "pending"}, {"kind": "void"}, {"amount": None}]
    )
    def test_is_left_out_where_it_is_not_certain(self, changes: dict[str, Any]) -> None:
        order = fields(refunds=[refund("3.50", **changes)])
        assert "totalRefundedSet" not in order
        assert "totalRefundedSet" not in order["refunds"][0]

    def test_is_in_the_shops_currency_alone_if_there_are_two(self) -> None:
        order = fields(presentment_currency="EUR", total_outstanding="5.00", total_tip_received="0")
        assert order["totalOutstandingSet"] == {
            "shopMoney": {"amount": "5.0", "currencyCode": "USD"}
        }
        assert order["totalTipReceivedSet"]["presentmentMoney"] == {
            "amount": "0.0",
            "currencyCode": "EUR",
        }

    def test_of_a_line_is_its_price_times_its_pieces(self) -> None:
        lines = [
            {"quantity": 3, "price_set": both("1.10", "1.10")},
            {"quantity": 3, "price_set": both("1.10", "1.00", "USD EUR")},
            {"quantity": 1, "price_set": both("1.10", "1.00", "USD EUR")},
            {"quantity": 2, "price_set": None},
        ]
        one, two, piece, nothing = fields(line_items=lines)["lineItems"]
        assert one["originalTotalSet"] == in_dollars("3.3")
        assert two["originalTotalSet"] == {"shopMoney": {"amount": "3.3", "currencyCode": "USD"}}
        assert piece["originalTotalSet"] == piece["originalUnitPriceSet"]
        assert "originalTotalSet" not in nothing

    def test_is_of_a_product_that_still_exists(self) -> None:
        gone = {"product_id": 5, "product_exists": False}
        assert fields(line_items=[gone])["lineItems"][0]["product"] is None
