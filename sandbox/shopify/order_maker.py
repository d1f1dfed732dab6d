"""Makes an order out of a shop's seed and the order's key: the same ones, the same order.

An order is a tree of plain dicts with Shopify's field names; connections are lists.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from sandbox.shopify import after_sale, people
from sandbox.shopify.lines import Basket, Line, discount_of, line_item, shipping_line
from sandbox.shopify.money import Till
from sandbox.shopify.shops import Shop
from sandbox.shopify.timeline import OrderKey, mixed

NOTES: tuple[str | None, ...] = (
    None,
    None,
    None,
    "",
    "Please ring twice 🔔",
    "お届けは午後にお願いします",
    "Danke, bis bald!",
)
NOTES += ("الرجاء التغليف كهدية", "line one\nline two\t“quoted” \\ backslash", "🎁" * 12)
TAGS = ("wholesale", "gift", "b2b", "EU", "första-köp", "日本")
LOCALES = ("en", "de", "fr", "ja", None)
LONG_ORDER_INDEX = 20
LONG_ORDER_LINES = 300
WHOLESALE_EVERY = 97
FIRST_NUMBER = 1_001
UNTIL_CANCELLED = 900
"""Seconds."""

Node = dict[str, Any]


def instant(seconds: int) -> str:
    """An instant as Shopify writes it: UTC, whole seconds, "Z"."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Sale:
    """What was sold: the lines and the sums over them, in minor units."""

    lines: list[Line]
    shipping: Node | None
    shipping_price: int
    tax: int
    included: bool

    @property
    def quantity(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def discount(self) -> int:
        return sum(line.discount for line in self.lines)

    @property
    def subtotal(self) -> int:
        return sum(line.original for line in self.lines) - self.discount

    @property
    def total(self) -> int:
        return self.subtotal + self.shipping_price + (0 if self.included else self.tax)


def make_order(shop: Shop, key: OrderKey) -> Node:
    """The order of that key; a higher version of it shows in its tags and its note."""
    kind = shop.kind(key.index)
    rng = Random(mixed(shop.seed ^ 0x0BDE, kind))
    created, updated = instant(key.created), instant(key.updated)
    place = rng.choice(people.PLACES)
    till = Till.of(shop.currency, rng.choice((shop.currency,) * 5 + ("EUR", "JPY", "KWD")))
    who = people.customer(rng, created) if rng.randrange(8) else None
    discount, percent = discount_of(rng)
    basket = Basket(rng, till, key.id, place[-1], discount, percent)
    count = _how_many(rng, kind)
    sale = _sale(basket, min(count, shop.most_lines or count))
    name = f"#{FIRST_NUMBER + key.index}"
    shipped = rng.random() < 0.6  # noqa: PLR2004 - three in five
    node: Node = {
        "__typename": "Order",
        "id": f"gid://shopify/Order/{key.id}",
        "legacyResourceId": str(key.id),
        "name": name,
        "number": FIRST_NUMBER + key.index,
        "createdAt": created,
        "processedAt": created,
        "updatedAt": updated,
        **_buyer(rng, place, who),
        **_wishes(rng, key),
        **_state(rng, key, created),
        **_sold(till, sale, discount),
        **_standing(shop, key, till),
    }
    if who:
        node["customer"]["amountSpent"] = till.money(sale.total)
    parcels = [after_sale.fulfillment(rng, name, created, sale.lines[:20])] if shipped else []
    node["fulfillments"] = parcels
    node["fulfillmentsCount"] = {"count": len(parcels), "precision": "EXACT"}
    node["displayFulfillmentStatus"] = "FULFILLED" if shipped else "UNFULFILLED"
    node["fulfillable"] = not shipped
    return node | _paid(till, sale, key, returned=shipped and not rng.randrange(8))


def _how_many(rng: Random, index: int) -> int:
    usual = rng.choice((1, 1, 2, 2, 3, 4, 6, 8))
    if index == LONG_ORDER_INDEX:
        return LONG_ORDER_LINES
    return usual + 30 if index % WHOLESALE_EVERY == WHOLESALE_EVERY - 1 else usual


def _sale(basket: Basket, count: int) -> Sale:
    lines = [line_item(basket, number) for number in range(count)]
    shipping, price, tax = None, 0, 0
    if basket.rng.randrange(10):
        shipping, price, tax = shipping_line(basket)
    included = not basket.rng.randrange(3)
    return Sale(lines, shipping, price, tax + sum(line.tax for line in lines), included)


def _buyer(rng: Random, place: people.Place, who: Node | None) -> Node:
    shipping = people.address(rng, place, who) if rng.randrange(12) else None
    same = bool(rng.randrange(3))
    billing = shipping if same else people.address(rng, place, who)
    return {
        "customer": who and {**who, "amountSpent": None, "defaultAddress": shipping},
        "email": who["email"] if who else rng.choice((None, "", "guest@example.com")),
        "phone": people.phone(rng) if not rng.randrange(5) else None,
        "customerLocale": rng.choice(LOCALES),
        "customerAcceptsMarketing": not rng.randrange(3),
        "shippingAddress": shipping,
        "billingAddress": billing,
        "displayAddress": shipping or billing,
        "billingAddressMatchesShippingAddress": same,
        "clientIp": f"192.0.2.{rng.randrange(256)}",
    }


def _wishes(rng: Random, key: OrderKey) -> Node:
    note, tags = rng.choice(NOTES), rng.sample(TAGS, rng.choice((0, 0, 1, 2)))
    asked = [{"key": "gift-wrap", "value": "yes"}, {"key": "source", "value": None}]
    if key.version:
        note = f"Changed {key.version} time(s) since it was made"
        tags = [*tags, f"changed-{key.version}"]
    return {
        "note": note,
        "tags": sorted(tags),
        "customAttributes": [] if rng.randrange(4) else asked,
        "poNumber": None,
    }


def _state(rng: Random, key: OrderKey, created: str) -> Node:
    reason = rng.choice(("CUSTOMER", "FRAUD", "INVENTORY", "OTHER"))
    return {
        "test": key.test,
        "closed": key.closed,
        "closedAt": instant(key.updated) if key.closed else None,
        "cancelledAt": instant(key.created + UNTIL_CANCELLED) if key.cancelled else None,
        "cancelReason": reason if key.cancelled else None,
        "cancellation": {"staffNote": None} if key.cancelled else None,
        "confirmed": True,
        "confirmationNumber": f"{key.id % 36**6:09d}",
        "edited": False,
        "statusPageUrl": f"https://shop.example.com/orders/{key.id}?made={created}",
    }


def _sold(till: Till, sale: Sale, discount: Node | None) -> Node:
    taxes = _summed_taxes(till, sale)
    code = discount.get("code") if discount else None
    shipping = till.bag(sale.shipping_price)
    return {
        "lineItems": [line.node for line in sale.lines],
        "nonFulfillableLineItems": [],
        "shippingLine": sale.shipping,
        "shippingLines": [sale.shipping] if sale.shipping else [],
        "requiresShipping": sale.shipping is not None,
        "discountApplications": [discount] if discount else [],
        "discountCode": code,
        "discountCodes": [code] if code else [],
        "taxLines": taxes,
        "currentTaxLines": taxes,
        "taxesIncluded": sale.included,
        "estimatedTaxes": False,
        "taxExempt": False,
        "subtotalLineItemsQuantity": sale.quantity,
        "subtotalPriceSet": till.bag(sale.subtotal),
        "totalDiscountsSet": till.bag(sale.discount),
        "totalTaxSet": till.bag(sale.tax),
        "totalShippingPriceSet": shipping,
        "totalPriceSet": till.bag(sale.total),
        "originalTotalPriceSet": till.bag(sale.total),
        "currentShippingPriceSet": shipping,
        "currentTotalDiscountsSet": till.bag(sale.discount),
        "cartDiscountAmountSet": till.bag(sale.discount) if discount else None,
        "currentCartDiscountAmountSet": till.bag(sale.discount),
        "totalWeight": str(400 * sale.quantity),
        "currentTotalWeight": str(400 * sale.quantity),
    }


def _summed_taxes(till: Till, sale: Sale) -> list[Node]:
    every = [tax for line in sale.lines[:1] for tax in line.node["taxLines"]]
    share = sale.tax // len(every) if every else 0
    return [{**tax, "priceSet": till.bag(share)} for tax in every]


def _paid(till: Till, sale: Sale, key: OrderKey, *, returned: bool) -> Node:
    at, nothing = instant(key.created), till.bag(0)
    payments = [after_sale.transaction(key.id, "SALE", till.bag(sale.total), at)]
    refunds, given_back = [], 0
    if returned:
        back, given_back = after_sale.refund(till, key.id, sale.lines[0], instant(key.updated))
        refunds = [back]
        payments += back["transactions"]
    pieces, kept = sale.quantity - len(refunds), till.bag(sale.total - given_back)
    return {
        "displayFinancialStatus": "PARTIALLY_REFUNDED" if returned else "PAID",
        "returnStatus": "RETURNED" if returned else "NO_RETURN",
        "refunds": refunds,
        "transactions": payments,
        "transactionsCount": {"count": len(payments), "precision": "EXACT"},
        "currentSubtotalLineItemsQuantity": pieces,
        "currentSubtotalPriceSet": till.bag(sale.subtotal - given_back),
        "currentTotalPriceSet": kept,
        "currentTotalTaxSet": till.bag(sale.tax),
        "netPaymentSet": kept,
        "totalReceivedSet": till.bag(sale.total),
        "totalRefundedSet": till.bag(given_back),
        "totalRefundedShippingSet": nothing,
        "totalOutstandingSet": nothing,
        "totalCapturableSet": nothing,
        "totalTipReceivedSet": nothing,
        "refundDiscrepancySet": nothing,
        "totalCashRoundingAdjustment": {"paymentSet": nothing, "refundSet": nothing},
        "paymentGatewayNames": ["bogus"],
        "fullyPaid": True,
        "unpaid": False,
        "refundable": True,
    }


def _standing(shop: Shop, key: OrderKey, till: Till) -> Node:
    return {
        "app": {"id": "gid://shopify/App/580111", "name": "Online Store"},
        "currencyCode": shop.currency,
        "presentmentCurrencyCode": till.presentment,
        "sourceName": "web",
        "sourceIdentifier": None,
        "registeredSourceUrl": None,
        "cartToken": f"cart{key.id:x}",
        "checkoutToken": f"checkout{key.id:x}",
        "risk": {"recommendation": "NONE"},
        "additionalFees": [],
        "disputes": [],
        "merchantEditableErrors": [],
        "merchantOfRecordApp": None,
        "retailLocation": None,
        "currentTotalAdditionalFeesSet": None,
        "originalTotalAdditionalFeesSet": None,
        "currentTotalDutiesSet": None,
        "originalTotalDutiesSet": None,
        "canMarkAsPaid": False,
        "canNotifyCustomer": True,
        "capturable": False,
        "dutiesIncluded": False,
        "hasTimelineComment": False,
        "merchantEditable": True,
        "productNetwork": False,
        "restockable": True,
    }
