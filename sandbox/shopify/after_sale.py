"""What follows a sale: payments, fulfillments with tracking, refunds. Amounts: minor units."""

from random import Random
from typing import Any

from sandbox.shopify.lines import Line
from sandbox.shopify.money import Till

LOCATION = {
    "__typename": "Location",
    "id": "gid://shopify/Location/71000000001",
    "legacyResourceId": "71000000001",
    "name": "Sample Warehouse",
}


def transaction(order_id: int, kind: str, money: dict[str, Any], at: str) -> dict[str, Any]:
    """An OrderTransaction that succeeded."""
    return {
        "__typename": "OrderTransaction",
        "id": f"gid://shopify/OrderTransaction/{order_id + (700 if kind == 'SALE' else 701)}",
        "kind": kind,
        "status": "SUCCESS",
        "gateway": "bogus",
        "formattedGateway": "Bogus",
        "amountSet": money,
        "amountRoundingSet": None,
        "createdAt": at,
        "processedAt": at,
        "accountNumber": "•••• •••• •••• 1",
        "authorizationExpiresAt": None,
        "errorCode": None,
        "location": None,
        "manualPaymentGateway": False,
        "manuallyCapturable": False,
        "maximumRefundableV2": None,
        "multiCapturable": False,
        "paymentId": f"sandbox.{order_id}",
        "settlementCurrency": None,
        "settlementCurrencyRate": None,
        "test": True,
        "totalUnsettledSet": None,
    }


def fulfillment(rng: Random, name: str, at: str, lines: list[Line]) -> dict[str, Any]:
    """A Fulfillment of those lines, with up to two tracking numbers."""
    number = 4_300_000_000_000 + rng.randrange(10**9)
    tracking = _of_one_carrier([_tracking(rng) for _ in range(rng.choice((0, 1, 1, 2)))])
    shipped = [
        {
            "__typename": "FulfillmentLineItem",
            "id": f"gid://shopify/FulfillmentLineItem/{number + place}",
            "lineItem": line.node,
            "quantity": line.quantity,
            "originalTotalSet": line.node["originalTotalSet"],
            "discountedTotalSet": line.node["discountedTotalSet"],
        }
        for place, line in enumerate(lines)
    ]
    return {
        "__typename": "Fulfillment",
        "id": f"gid://shopify/Fulfillment/{number}",
        "legacyResourceId": str(number),
        "name": f"{name}-F1",
        "status": "SUCCESS",
        "displayStatus": rng.choice(("FULFILLED", "IN_TRANSIT", "DELIVERED")),
        "createdAt": at,
        "updatedAt": at,
        "deliveredAt": None,
        "estimatedDeliveryAt": None,
        "inTransitAt": None,
        "location": LOCATION,
        "requiresShipping": True,
        "totalQuantity": sum(line.quantity for line in lines),
        "trackingInfo": tracking,
        "fulfillmentLineItems": shipped,
    }


def _of_one_carrier(tracking: list[dict[str, str | None]]) -> list[dict[str, str | None]]:
    """A fulfillment has one carrier: REST names it once for all of its tracking numbers."""
    first = tracking[:1]
    company = first[0]["company"] if first else None
    return [_tracked(str(each["number"]), company) for each in tracking]


def _tracking(rng: Random) -> dict[str, str | None]:
    number = f"SBX{rng.randrange(10**11):011d}"
    return _tracked(number, rng.choice(("DHL Express", "UPS", None)))


def _tracked(number: str, company: str | None) -> dict[str, str | None]:
    return {
        "company": company,
        "number": number,
        "url": f"https://tracking.example.com/{number}" if company else None,
    }


def refund(till: Till, order_id: int, line: Line, at: str) -> tuple[dict[str, Any], int]:
    """A Refund of one piece of that line, and what it gave back."""
    price = line.unit - line.discount // line.quantity
    tax = line.tax // line.quantity
    item = {
        "id": f"gid://shopify/RefundLineItem/{order_id + 801}",
        "lineItem": line.node,
        "location": LOCATION,
        "quantity": 1,
        "restockType": "RETURN",
        "restocked": True,
        "priceSet": till.bag(price),
        "subtotalSet": till.bag(price),
        "totalTaxSet": till.bag(tax),
    }
    node = {
        "__typename": "Refund",
        "id": f"gid://shopify/Refund/{order_id + 800}",
        "legacyResourceId": str(order_id + 800),
        "createdAt": at,
        "processedAt": at,
        "updatedAt": at,
        "note": "Zu klein 😕",
        "duties": [],
        "orderAdjustments": [],
        "refundLineItems": [item],
        "refundShippingLines": [],
        "totalRefundedSet": till.bag(price + tax),
        "transactions": [transaction(order_id, "REFUND", till.bag(price + tax), at)],
    }
    return node, price + tax
