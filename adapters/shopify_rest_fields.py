"""An order of REST's in the canonical schema, which is GraphQL's (docs/tables.md).

What REST lacks is derived where that is certain, and left out where it is not.
"""

from __future__ import annotations

from itertools import zip_longest

from adapters.shopify_rest_lines import line_items, shipping_lines, tax_lines
from adapters.shopify_rest_money import Currencies, in_shop_currency, refunded
from adapters.shopify_rest_people import FULL, MINIMAL
from adapters.shopify_rest_values import (
    Mapped,
    Node,
    attributes,
    bag,
    gid,
    instant,
    mapped,
    nodes,
    reference,
    same,
    text,
    upper,
    words,
)
from domain.orders import Json
from domain.personal_data import CustomerData

FULFILLMENT_STATUS = {None: "UNFULFILLED", "partial": "PARTIALLY_FULFILLED"}
"""Where REST's word is another one than GraphQL's."""


def _fulfillment_status(value: Json) -> Json:
    special = FULFILLMENT_STATUS.get(value) if value is None or isinstance(value, str) else None
    return special or upper(value)


def _codes(value: Json) -> Json:
    """The codes that customers entered.

    `discount_codes` also has the titles of discounts that need no code.
    """
    applied = nodes(value)
    return [each.get("code") for each in applied if each.get("type") == "discount_code"]


def _fulfillments(value: Json) -> Json:
    return [_fulfillment(each) for each in nodes(value)]


def _fulfillment(node: Node) -> Node:
    numbers, urls = (node.get(name) for name in ("tracking_numbers", "tracking_urls"))
    pairs = zip_longest(
        numbers if isinstance(numbers, list) else [], urls if isinstance(urls, list) else []
    )
    company = node.get("tracking_company")
    tracking: list[Json] = [
        {"number": number, "company": company, "url": url} for number, url in pairs
    ]
    return {**mapped(node, FULFILLMENT), "trackingInfo": tracking}


FULFILLMENT: Mapped = (
    ("id", "id", gid("Fulfillment")),
    ("status", "status", upper),
    ("createdAt", "created_at", instant),
)
REFUND: Mapped = (
    ("id", "id", gid("Refund")),
    ("createdAt", "created_at", instant),
    ("note", "note", same),
)
STANDING: Mapped = (
    ("id", "id", gid("Order")),
    ("legacyResourceId", "id", text),
    ("name", "name", same),
    ("number", "order_number", same),
    ("createdAt", "created_at", instant),
    ("updatedAt", "updated_at", instant),
    ("processedAt", "processed_at", instant),
    ("closedAt", "closed_at", instant),
    ("cancelledAt", "cancelled_at", instant),
    ("cancelReason", "cancel_reason", upper),
    ("currencyCode", "currency", same),
    ("presentmentCurrencyCode", "presentment_currency", same),
    ("confirmed", "confirmed", same),
    ("test", "test", same),
    ("taxesIncluded", "taxes_included", same),
    ("taxExempt", "tax_exempt", same),
    ("tags", "tags", words),
    ("note", "note", same),
    ("poNumber", "po_number", same),
    ("sourceName", "source_name", same),
    ("sourceIdentifier", "source_identifier", same),
    ("paymentGatewayNames", "payment_gateway_names", same),
    ("discountCodes", "discount_applications", _codes),
    ("displayFinancialStatus", "financial_status", upper),
    ("displayFulfillmentStatus", "fulfillment_status", _fulfillment_status),
    ("totalPriceSet", "total_price_set", bag),
    ("subtotalPriceSet", "subtotal_price_set", bag),
    ("totalTaxSet", "total_tax_set", bag),
    ("totalDiscountsSet", "total_discounts_set", bag),
    ("totalShippingPriceSet", "total_shipping_price_set", bag),
    ("currentTotalPriceSet", "current_total_price_set", bag),
    ("currentSubtotalPriceSet", "current_subtotal_price_set", bag),
    ("currentTotalTaxSet", "current_total_tax_set", bag),
    ("currentTotalDiscountsSet", "current_total_discounts_set", bag),
    ("customAttributes", "note_attributes", attributes),
    ("taxLines", "tax_lines", tax_lines),
    ("fulfillments", "fulfillments", _fulfillments),
    ("app", "app_id", reference("App")),
)
LINES: Mapped = (
    ("lineItems", "line_items", line_items),
    ("shippingLines", "shipping_lines", shipping_lines),
)
IN_SHOP_CURRENCY = {
    "totalOutstandingSet": "total_outstanding",
    "totalTipReceivedSet": "total_tip_received",
}
_BUYER = {"minimal": MINIMAL, "full": FULL}


def asked_fields(customer_data: CustomerData) -> str:
    """The parameter `fields`: what is used of an order, and nothing else."""
    tables = (*STANDING, *LINES, *_BUYER[customer_data])
    names = dict.fromkeys(rest for _, rest, _ in tables)
    return ",".join((*names, *IN_SHOP_CURRENCY.values(), "refunds"))


def fields_of(node: Node, customer_data: CustomerData) -> Node:
    """The order's fields; those that the answer lacks are left out."""
    fields = mapped(node, STANDING)
    fields.update(_sums(node))
    fields.update(mapped(node, _BUYER[customer_data]))
    fields.update(mapped(node, LINES))
    return fields


def _sums(node: Node) -> Node:
    currencies = Currencies(node.get("currency"), node.get("presentment_currency"))
    sums: Node = {
        name: in_shop_currency(node[rest], currencies)
        for name, rest in IN_SHOP_CURRENCY.items()
        if rest in node
    }
    if "refunds" in node:
        refunds = nodes(node["refunds"])
        sums["refunds"] = [_refund(each, currencies) for each in refunds]
        if (total := refunded(refunds, currencies)) is not None:
            sums["totalRefundedSet"] = total
    return sums


def _refund(node: Node, currencies: Currencies) -> Node:
    refund = mapped(node, REFUND)
    if (total := refunded([node], currencies)) is not None:
        refund["totalRefundedSet"] = total
    return refund
