"""Line items, shipping lines, taxes and discounts of a made-up order. Amounts: minor units."""

from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.shopify.money import Till

PRODUCTS: tuple[str, ...] = (
    "Linen Shirt",
    "Walnut Tray",
    "Cast Mug",
    "Wool Throw",
    "Brass Lamp",
    'Tee "Bio"',
)
PRODUCTS += ("Reisetasche", "Café crème 250 g", "抹茶セット", "Gift Card", "Sticker 🦊", "Boots")
VARIANTS = ("S", "M", "L", "XL / Black", "Natural", "250 g", None)
VENDORS = ("Northwind Samples", "Atelier Exemple", "", None)
SHIPPING = (("Standard", 599), ("Express", 1_499), ("Free shipping", 0), ("DHL Päckchen", 450))
GIFT_CARD = "Gift Card"


@dataclass(frozen=True, slots=True)
class Basket:
    """Where the lines of one order are made: its chance, its till, its taxes, its discount."""

    rng: Random
    till: Till
    order_id: int
    taxes: tuple[tuple[str, float], ...]
    discount: dict[str, Any] | None
    percent: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line item and what it adds to the order's totals."""

    node: dict[str, Any]
    quantity: int
    original: int
    discount: int
    tax: int
    unit: int


def discount_of(rng: Random) -> tuple[dict[str, Any] | None, int]:
    """A DiscountApplication over all line items and its percentage, or (None, 0)."""
    roll = rng.randrange(10)
    if roll > 3:  # noqa: PLR2004 - four orders in ten
        return None, 0
    percent = rng.choice((5, 10, 15, 25))
    shared = {
        "index": 0,
        "allocationMethod": "ACROSS",
        "targetSelection": "ALL",
        "targetType": "LINE_ITEM",
        "value": {"__typename": "PricingPercentageValue", "percentage": float(percent)},
    }
    kinds: tuple[dict[str, Any], ...] = (
        {"__typename": "DiscountCodeApplication", "code": f"SAVE{percent}"},
        {"__typename": "AutomaticDiscountApplication", "title": "Autumn sale"},
        {"__typename": "ManualDiscountApplication", "title": "Regular", "description": None},
        {"__typename": "ScriptDiscountApplication", "title": "Bundle: 2 für 1"},
    )
    return {**kinds[roll], **shared}, percent


def tax_lines(basket: Basket, taxed: int) -> tuple[list[dict[str, Any]], int]:
    """The TaxLines of an amount, and their sum."""
    nodes, total = [], 0
    for title, rate in basket.taxes:
        tax = round(taxed * rate)
        total += tax
        nodes.append(
            {
                "title": title,
                "rate": rate,
                "ratePercentage": round(rate * 100, 4),
                "priceSet": basket.till.bag(tax),
                "channelLiable": False,
                "source": "Shopify",
            }
        )
    return nodes, total


def line_item(basket: Basket, number: int) -> Line:
    """The order's line item of that number."""
    rng, till = basket.rng, basket.till
    title, variant = rng.choice(PRODUCTS), rng.choice(VARIANTS)
    quantity = rng.choice((1, 1, 1, 2, 3))
    unit = till.from_dollars(rng.choice((1_000, 1_250, 1_999, 2_495, 5_989, 12_000)))
    original = unit * quantity
    discount = original * basket.percent // 100
    taxes, tax = tax_lines(basket, original - discount)
    node = {
        **_product(rng, title, variant),
        "__typename": "LineItem",
        "id": f"gid://shopify/LineItem/{basket.order_id + number + 1}",
        "name": f"{title} - {variant}" if variant else title,
        "title": title,
        "variantTitle": variant,
        "quantity": quantity,
        "customAttributes": _personalised(rng),
        "discountAllocations": _allocations(basket, discount),
        "taxLines": taxes,
        **_amounts(till, unit, quantity, discount),
    }
    return Line(node, quantity, original, discount, tax, unit)


def _product(rng: Random, title: str, variant: str | None) -> dict[str, Any]:
    number = 7_400_000_000_000 + rng.randrange(900)
    sku = rng.choice((None, "", f"SKU-{number % 1_000:03d}", f"SKU-{number % 1_000:03d}-{variant}"))
    vendor = rng.choice(VENDORS)
    gift = title == GIFT_CARD
    known = rng.random() > 0.05  # noqa: PLR2004 - the rest was deleted or is a custom line
    product = {
        "__typename": "Product",
        "id": f"gid://shopify/Product/{number}",
        "legacyResourceId": str(number),
        "title": title,
        "handle": f"product-{number}",
        "vendor": vendor or "",
        "productType": "",
    }
    of_variant = {
        "__typename": "ProductVariant",
        "id": f"gid://shopify/ProductVariant/{number + 40_000}",
        "legacyResourceId": str(number + 40_000),
        "title": variant or "Default Title",
        "sku": sku,
        "barcode": None,
    }
    return {
        "product": product if known else None,
        "variant": of_variant if known else None,
        "sku": sku,
        "vendor": vendor,
        "isGiftCard": gift,
        "requiresShipping": not gift,
        "taxable": not gift,
        "weight": None if gift else {"unit": "GRAMS", "value": float(rng.randrange(50, 900))},
    }


def _personalised(rng: Random) -> list[dict[str, str | None]]:
    if rng.randrange(6):
        return []
    return [{"key": "Engraving", "value": "für Oma 💐"}, {"key": "_gift", "value": ""}]


def _allocations(basket: Basket, discount: int) -> list[dict[str, Any]]:
    if basket.discount is None:
        return []
    return [
        {
            "allocatedAmountSet": basket.till.bag(discount),
            "discountApplication": basket.discount,
        }
    ]


def _amounts(till: Till, unit: int, quantity: int, discount: int) -> dict[str, Any]:
    original, nothing = till.bag(unit * quantity), till.bag(0)
    left = till.bag(unit * quantity - discount)
    each = till.bag(unit - discount // quantity)
    return {
        "currentQuantity": quantity,
        "originalUnitPriceSet": till.bag(unit),
        "originalTotalSet": original,
        "discountedUnitPriceSet": each,
        "discountedUnitPriceAfterAllDiscountsSet": each,
        "discountedTotalSet": left,
        "priceAfterAllDiscountsBeforeTaxesSet": left,
        "totalDiscountSet": till.bag(discount),
        "unfulfilledOriginalTotalSet": nothing,
        "unfulfilledDiscountedTotalSet": nothing,
        "unfulfilledQuantity": 0,
        "nonFulfillableQuantity": 0,
        "refundableQuantity": quantity,
        "restockable": True,
        "merchantEditable": False,
        "duties": [],
        "sellingPlan": None,
    }


def shipping_line(basket: Basket) -> tuple[dict[str, Any], int, int]:
    """A ShippingLine, its price and its tax."""
    till = basket.till
    title, cents = basket.rng.choice(SHIPPING)
    price = till.from_dollars(cents)
    taxes, tax = tax_lines(basket, price)
    node = {
        "id": f"gid://shopify/ShippingLine/{basket.order_id + 900}",
        "title": title,
        "code": title,
        "carrierIdentifier": None,
        "custom": False,
        "deliveryCategory": None,
        "phone": None,
        "source": "shopify",
        "shippingRateHandle": None,
        "isRemoved": False,
        "originalPriceSet": till.bag(price),
        "discountedPriceSet": till.bag(price),
        "currentDiscountedPriceSet": till.bag(price),
        "discountAllocations": [],
        "taxLines": taxes,
    }
    return node, price, tax
