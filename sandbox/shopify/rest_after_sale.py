"""Fulfillments and refunds as REST shows them."""

from typing import Any

from sandbox.shopify.rest_lines import line_item, number_in
from sandbox.shopify.rest_money import price, priced
from sandbox.shopify.shop_time import local

Node = dict[str, Any]


def fulfillment(node: Node, order_id: int) -> Node:
    tracking = node["trackingInfo"]
    numbers = [each["number"] for each in tracking]
    urls = [each["url"] for each in tracking if each["url"]]
    return {
        "id": number_in(node["id"]),
        "admin_graphql_api_id": node["id"],
        "created_at": local(node["createdAt"]),
        "updated_at": local(node["updatedAt"]),
        "location_id": number_in(node["location"]["id"]),
        "name": node["name"].replace("-F", "."),
        "order_id": order_id,
        "origin_address": {},
        "receipt": {},
        "service": "manual",
        "shipment_status": None,
        "status": node["status"].lower(),
        "tracking_company": tracking[0]["company"] if tracking else None,
        "tracking_number": numbers[0] if numbers else None,
        "tracking_numbers": numbers,
        "tracking_url": urls[0] if urls else None,
        "tracking_urls": urls,
        "line_items": [
            line_item(each["lineItem"], shipped=True) for each in node["fulfillmentLineItems"]
        ],
    }


def refund(node: Node, order_id: int) -> Node:
    return {
        "id": number_in(node["id"]),
        "admin_graphql_api_id": node["id"],
        "created_at": local(node["createdAt"]),
        "processed_at": local(node["processedAt"]),
        "note": node["note"],
        "order_id": order_id,
        "restock": True,
        "user_id": None,
        "duties": [],
        "order_adjustments": [],
        "refund_line_items": [_refunded(each) for each in node["refundLineItems"]],
        "transactions": [_transaction(each, order_id) for each in node["transactions"]],
    }


def _refunded(item: Node) -> Node:
    return {
        "id": number_in(item["id"]),
        "line_item_id": number_in(item["lineItem"]["id"]),
        "location_id": number_in(item["location"]["id"]),
        "quantity": item["quantity"],
        "restock_type": item["restockType"].lower(),
        **priced("subtotal", item["subtotalSet"]),
        **priced("total_tax", item["totalTaxSet"]),
        "line_item": line_item(item["lineItem"], shipped=True),
    }


def _transaction(node: Node, order_id: int) -> Node:
    """A payment is of one currency: the customer's."""
    paid = node["amountSet"]["presentmentMoney"]
    return {
        "id": number_in(node["id"]),
        "admin_graphql_api_id": node["id"],
        "order_id": order_id,
        "amount": price(paid),
        "currency": paid["currencyCode"],
        "kind": node["kind"].lower(),
        "status": node["status"].lower(),
        "gateway": node["gateway"],
        "created_at": local(node["createdAt"]),
        "processed_at": local(node["processedAt"]),
        "test": node["test"],
    }
