"""An order as REST shows it, out of the tree that GraphQL picks from."""

from typing import Any

from sandbox.shopify.order_maker import FIRST_NUMBER
from sandbox.shopify.rest_after_sale import fulfillment, refund
from sandbox.shopify.rest_lines import (
    discount_application,
    line_item,
    number_in,
    shipping_line,
    tax_lines,
)
from sandbox.shopify.rest_money import price, price_set, priced
from sandbox.shopify.rest_people import address, customer
from sandbox.shopify.shop_time import local

Node = dict[str, Any]

FULFILLMENT_STATUS = {"UNFULFILLED": None, "PARTIALLY_FULFILLED": "partial"}
UNSET = ("checkout_id", "client_details", "company", "location_id", "source_url")
"""What no order of the sandbox has."""
PAIRS = {
    "total_price": "totalPriceSet",
    "subtotal_price": "subtotalPriceSet",
    "total_tax": "totalTaxSet",
    "total_discounts": "totalDiscountsSet",
    "current_total_price": "currentTotalPriceSet",
    "current_subtotal_price": "currentSubtotalPriceSet",
    "current_total_tax": "currentTotalTaxSet",
    "current_total_discounts": "currentTotalDiscountsSet",
}


def rest_order(node: Node) -> Node:
    """The order; the same values as in GraphQL, in REST's names and shapes."""
    return {**_standing(node), **_buyer(node), **_amounts(node), **_parts(node)}


def _standing(node: Node) -> Node:
    status = node["displayFulfillmentStatus"]
    return {
        "id": int(node["legacyResourceId"]),
        **dict.fromkeys(UNSET),
        "admin_graphql_api_id": node["id"],
        "app_id": number_in(node["app"]["id"]),
        "cancel_reason": node["cancelReason"] and node["cancelReason"].lower(),
        "cancelled_at": node["cancelledAt"] and local(node["cancelledAt"]),
        "cart_token": node["cartToken"],
        "checkout_token": node["checkoutToken"],
        "closed_at": node["closedAt"] and local(node["closedAt"]),
        "confirmation_number": node["confirmationNumber"],
        "confirmed": node["confirmed"],
        "created_at": local(node["createdAt"]),
        "currency": node["currencyCode"],
        "duties_included": node["dutiesIncluded"],
        "estimated_taxes": node["estimatedTaxes"],
        "financial_status": node["displayFinancialStatus"].lower(),
        "fulfillment_status": FULFILLMENT_STATUS.get(status, status.lower()),
        "name": node["name"],
        "note": node["note"],
        "number": node["number"] - FIRST_NUMBER + 1,
        "order_number": node["number"],
        "payment_gateway_names": node["paymentGatewayNames"],
        "po_number": node["poNumber"],
        "presentment_currency": node["presentmentCurrencyCode"],
        "processed_at": local(node["processedAt"]),
        "source_identifier": node["sourceIdentifier"],
        "source_name": node["sourceName"],
        "tags": ", ".join(node["tags"]),
        "tax_exempt": node["taxExempt"],
        "taxes_included": node["taxesIncluded"],
        "test": node["test"],
        "total_weight": int(node["totalWeight"]),
        "updated_at": local(node["updatedAt"]),
    }


def _buyer(node: Node) -> Node:
    return {
        "browser_ip": node["clientIp"],
        "buyer_accepts_marketing": node["customerAcceptsMarketing"],
        "contact_email": node["email"] or None,
        "customer": customer(node["customer"], node["currencyCode"]),
        "customer_locale": node["customerLocale"],
        "email": node["email"],
        "phone": node["phone"],
        "billing_address": address(node["billingAddress"]),
        "shipping_address": address(node["shippingAddress"]),
        "order_status_url": node["statusPageUrl"],
    }


def _amounts(node: Node) -> Node:
    pairs = [priced(name, node[field]) for name, field in PAIRS.items()]
    return {
        **{name: value for pair in pairs for name, value in pair.items()},
        "total_shipping_price_set": price_set(node["totalShippingPriceSet"]),
        "total_outstanding": price(node["totalOutstandingSet"]["shopMoney"]),
        "total_tip_received": price(node["totalTipReceivedSet"]["shopMoney"]),
    }


def _parts(node: Node) -> Node:
    order_id = int(node["legacyResourceId"])
    shipped = bool(node["fulfillments"])
    return {
        "line_items": [line_item(line, shipped=shipped) for line in node["lineItems"]],
        "shipping_lines": [shipping_line(line) for line in node["shippingLines"]],
        "tax_lines": tax_lines(node["taxLines"]),
        "discount_applications": [discount_application(d) for d in node["discountApplications"]],
        "discount_codes": _codes(node),
        "note_attributes": [
            {"name": each["key"], "value": each["value"]} for each in node["customAttributes"]
        ],
        "fulfillments": [fulfillment(each, order_id) for each in node["fulfillments"]],
        "refunds": [refund(each, order_id) for each in node["refunds"]],
        "returns": [],
        "payment_terms": None,
    }


def _codes(node: Node) -> list[Node]:
    """REST lists a discount that has no code here too, under its title."""
    amount = price(node["totalDiscountsSet"]["shopMoney"])
    return [
        {"code": each.get("code") or each["title"], "amount": amount, "type": "percentage"}
        for each in node["discountApplications"]
    ]
