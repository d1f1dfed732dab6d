"""Line items, shipping lines, taxes and discounts as REST shows them."""

from typing import Any

from sandbox.shopify.rest_money import price, price_set, priced

Node = dict[str, Any]


def number_in(gid: str) -> int:
    """The numeric id at the end of a global one."""
    return int(gid.rpartition("/")[2])


def line_item(line: Node, *, shipped: bool) -> Node:
    product, variant = line["product"], line["variant"]
    return {
        "id": number_in(line["id"]),
        "admin_graphql_api_id": line["id"],
        "attributed_staffs": [],
        "current_quantity": line["currentQuantity"],
        "fulfillable_quantity": 0 if shipped else line["quantity"],
        "fulfillment_service": "manual",
        "fulfillment_status": "fulfilled" if shipped else None,
        "gift_card": line["isGiftCard"],
        "grams": int(line["weight"]["value"]) if line["weight"] else 0,
        "name": line["name"],
        **priced("price", line["originalUnitPriceSet"]),
        "product_exists": product is not None,
        "product_id": product and number_in(product["id"]),
        "properties": _properties(line["customAttributes"]),
        "quantity": line["quantity"],
        "requires_shipping": line["requiresShipping"],
        "sku": line["sku"],
        "taxable": line["taxable"],
        "title": line["title"],
        **priced("total_discount", line["totalDiscountSet"]),
        "variant_id": variant and number_in(variant["id"]),
        "variant_inventory_management": "shopify",
        "variant_title": line["variantTitle"],
        "vendor": line["vendor"],
        "tax_lines": tax_lines(line["taxLines"]),
        "duties": [],
        "discount_allocations": _allocations(line["discountAllocations"]),
    }


def shipping_line(line: Node) -> Node:
    return {
        "id": number_in(line["id"]),
        "carrier_identifier": line["carrierIdentifier"],
        "code": line["code"],
        **priced("discounted_price", line["discountedPriceSet"]),
        "is_removed": line["isRemoved"],
        "phone": line["phone"],
        **priced("price", line["originalPriceSet"]),
        "requested_fulfillment_service_id": None,
        "source": line["source"],
        "title": line["title"],
        "tax_lines": tax_lines(line["taxLines"]),
        "discount_allocations": _allocations(line["discountAllocations"]),
    }


def tax_lines(taxes: list[Node]) -> list[Node]:
    return [
        {
            "channel_liable": tax["channelLiable"],
            **priced("price", tax["priceSet"]),
            "rate": tax["rate"],
            "title": tax["title"],
        }
        for tax in taxes
    ]


def discount_application(application: Node) -> Node:
    kind = application["__typename"].removesuffix("Application")
    rest = {
        "target_type": application["targetType"].lower(),
        "type": {"DiscountCode": "discount_code"}.get(kind, kind.removesuffix("Discount").lower()),
        "value": str(application["value"]["percentage"]),
        "value_type": "percentage",
        "allocation_method": application["allocationMethod"].lower(),
        "target_selection": application["targetSelection"].lower(),
    }
    named = "code" if "code" in application else "title"
    return {**rest, named: application[named]}


def _properties(attributes: list[Node]) -> list[Node]:
    return [{"name": each["key"], "value": each["value"]} for each in attributes]


def _allocations(allocations: list[Node]) -> list[Node]:
    return [
        {
            "amount": price(each["allocatedAmountSet"]["shopMoney"]),
            "amount_set": price_set(each["allocatedAmountSet"]),
            "discount_application_index": each["discountApplication"]["index"],
        }
        for each in allocations
    ]
