"""Customers and addresses as REST shows them."""

from typing import Any

from sandbox.shopify.rest_lines import number_in
from sandbox.shopify.shop_time import local

Node = dict[str, Any]

ADDRESS = {
    "first_name": "firstName",
    "address1": "address1",
    "phone": "phone",
    "city": "city",
    "zip": "zip",
    "province": "province",
    "country": "country",
    "last_name": "lastName",
    "address2": "address2",
    "company": "company",
    "latitude": "latitude",
    "longitude": "longitude",
    "name": "name",
    "country_code": "countryCodeV2",
    "province_code": "provinceCode",
}


def address(node: Node | None) -> Node | None:
    return node and {name: node[field] for name, field in ADDRESS.items()}


def customer(node: Node | None, currency: str) -> Node | None:
    if node is None:
        return None
    phone = node["defaultPhoneNumber"]
    return {
        "id": number_in(node["id"]),
        "admin_graphql_api_id": node["id"],
        "created_at": local(node["createdAt"]),
        "updated_at": local(node["updatedAt"]),
        "first_name": node["firstName"],
        "last_name": node["lastName"],
        "email": node["defaultEmailAddress"]["emailAddress"],
        "phone": phone and phone["phoneNumber"],
        "state": node["state"].lower(),
        "note": node["note"],
        "verified_email": node["verifiedEmail"],
        "multipass_identifier": None,
        "tax_exempt": node["taxExempt"],
        "tax_exemptions": node["taxExemptions"],
        "tags": ", ".join(node["tags"]),
        "currency": currency,
        "default_address": address(node["defaultAddress"]),
    }
