"""Line items, shipping lines and taxes of REST's, in the canonical schema."""

from __future__ import annotations

from adapters.shopify_rest_money import times
from adapters.shopify_rest_values import (
    Mapped,
    Node,
    attributes,
    bag,
    gid,
    mapped,
    nodes,
    percentage,
    reference,
    same,
)
from domain.orders import Json


def tax_lines(value: Json) -> Json:
    return [mapped(each, TAX_LINE) for each in nodes(value)]


def _allocations(value: Json) -> Json:
    return [mapped(each, DISCOUNT_ALLOCATION) for each in nodes(value)]


TAX_LINE: Mapped = (
    ("title", "title", same),
    ("rate", "rate", same),
    ("ratePercentage", "rate", percentage),
    ("priceSet", "price_set", bag),
    ("channelLiable", "channel_liable", same),
)
DISCOUNT_ALLOCATION: Mapped = (("allocatedAmountSet", "amount_set", bag),)
LINE_ITEM: Mapped = (
    ("id", "id", gid("LineItem")),
    ("name", "name", same),
    ("title", "title", same),
    ("variantTitle", "variant_title", same),
    ("vendor", "vendor", same),
    ("sku", "sku", same),
    ("quantity", "quantity", same),
    ("currentQuantity", "current_quantity", same),
    ("requiresShipping", "requires_shipping", same),
    ("taxable", "taxable", same),
    ("isGiftCard", "gift_card", same),
    ("product", "product_id", reference("Product")),
    ("variant", "variant_id", reference("ProductVariant")),
    ("originalUnitPriceSet", "price_set", bag),
    ("totalDiscountSet", "total_discount_set", bag),
    ("customAttributes", "properties", attributes),
    ("taxLines", "tax_lines", tax_lines),
    ("discountAllocations", "discount_allocations", _allocations),
)
SHIPPING_LINE: Mapped = (
    ("id", "id", gid("ShippingLine")),
    ("title", "title", same),
    ("code", "code", same),
    ("source", "source", same),
    ("carrierIdentifier", "carrier_identifier", same),
    ("isRemoved", "is_removed", same),
    ("originalPriceSet", "price_set", bag),
    ("discountedPriceSet", "discounted_price_set", bag),
    ("taxLines", "tax_lines", tax_lines),
    ("discountAllocations", "discount_allocations", _allocations),
)


def line_items(value: Json) -> Json:
    return [_line_item(each) for each in nodes(value)]


def _line_item(line: Node) -> Node:
    item = mapped(line, LINE_ITEM)
    if line.get("product_exists") is False:
        item["product"] = None
    total = times(item.get("originalUnitPriceSet"), line.get("quantity"))
    if total is not None:
        item["originalTotalSet"] = total
    return item


def shipping_lines(value: Json) -> Json:
    """Those that the order still has, as in GraphQL; REST lists removed ones, too."""
    return [mapped(each, SHIPPING_LINE) for each in nodes(value) if not each.get("is_removed")]
