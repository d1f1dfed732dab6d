"""The customer of a REST order: no more of it than is asked of GraphQL.

REST sends the whole customer or none; what `SYNC_CUSTOMER_DATA` does not allow ends here.
"""

from __future__ import annotations

from adapters.shopify_rest_values import Mapped, Node, gid, mapped, same, text, words
from domain.orders import Json


def _address(value: Json) -> Json:
    return mapped(value, ADDRESS) if isinstance(value, dict) else None


def customer(value: Json) -> Json:
    """The ids."""
    return mapped(value, CUSTOMER) if isinstance(value, dict) else None


def customer_in_full(value: Json) -> Json:
    """The ids, the names and how to reach the customer."""
    if not isinstance(value, dict):
        return None
    whole = mapped(value, CUSTOMER_IN_FULL)
    names = " ".join(str(name) for name in map(value.get, ("first_name", "last_name")) if name)
    if "first_name" in value and "last_name" in value:
        whole["displayName"] = names or value.get("email") or value.get("phone")
    return whole


def _reached(name: str, value: Json) -> Node | None:
    return {name: value} if value else None


CUSTOMER: Mapped = (("id", "id", gid("Customer")), ("legacyResourceId", "id", text))
CUSTOMER_IN_FULL: Mapped = (
    *CUSTOMER,
    ("firstName", "first_name", same),
    ("lastName", "last_name", same),
    ("tags", "tags", words),
    ("defaultEmailAddress", "email", lambda value: _reached("emailAddress", value)),
    ("defaultPhoneNumber", "phone", lambda value: _reached("phoneNumber", value)),
)
ADDRESS: Mapped = (
    ("name", "name", same),
    ("firstName", "first_name", same),
    ("lastName", "last_name", same),
    ("company", "company", same),
    ("address1", "address1", same),
    ("address2", "address2", same),
    ("city", "city", same),
    ("zip", "zip", same),
    ("province", "province", same),
    ("provinceCode", "province_code", same),
    ("country", "country", same),
    ("countryCodeV2", "country_code", same),
    ("phone", "phone", same),
    ("latitude", "latitude", same),
    ("longitude", "longitude", same),
)
MINIMAL: Mapped = (("customer", "customer", customer),)
FULL: Mapped = (
    ("email", "email", same),
    ("phone", "phone", same),
    ("customer", "customer", customer_in_full),
    ("shippingAddress", "shipping_address", _address),
    ("billingAddress", "billing_address", _address),
)
