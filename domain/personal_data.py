"""Which fields of an order are about the customer: what is kept, completed, and taken out.

Names, addresses, e-mail addresses and phone numbers need Shopify's level 2 approval
(shopify.dev/docs/apps/launch/protected-customer-data); Shopify withholds each of those kinds from
apps that do not have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal, TypeAlias

from domain.orders import Json, Order

CustomerData: TypeAlias = Literal["minimal", "full"]
"""What is asked for and kept: the customer's ids, or what needs level 2, too."""

CUSTOMER = "customer"
ADDRESSES = ("shippingAddress", "billingAddress")
PERSONAL = (CUSTOMER, "email", "phone", *ADDRESSES)
"""Fields of an order that Shopify may withhold."""

_IDS = frozenset({"id", "legacyResourceId"})
_NAMES = frozenset({"name", "firstName", "lastName", "displayName"})
_KINDS = {
    "email": "email",
    "defaultEmailAddress": "email",
    "phone": "phone",
    "defaultPhoneNumber": "phone",
    **dict.fromkeys(_NAMES, "name"),
    **dict.fromkeys(ADDRESSES, "address"),
    CUSTOMER: "customer",
}
"""What approves a field: Shopify grants e-mail, phone, name and address one by one."""
_FREE_TEXTS = ("note", "poNumber")
_ATTRIBUTES = "customAttributes"


def allowed(order: Order, customer_data: CustomerData) -> Order:
    """The order with no more about the customer than the setting allows."""
    if customer_data == "full":
        return order
    customer = order.fields.get(CUSTOMER)
    too_much = isinstance(customer, dict) and not _IDS.issuperset(customer)
    if not too_much and not any(name in order.fields for name in PERSONAL[1:]):
        return order
    fields = {name: value for name, value in order.fields.items() if name not in PERSONAL[1:]}
    if isinstance(customer, dict):
        fields[CUSTOMER] = {name: value for name, value in customer.items() if name in _IDS}
    return replace(order, fields=fields)


def completed(order: Order, stored: Mapping[str, Json]) -> Order:
    """The order with the stored values of what was withheld, as far as any are stored.

    Nothing is taken from another customer than the order's.
    """
    fields = dict(order.fields)
    for path in order.withheld:
        steps = path.split(".")
        if steps[0] == CUSTOMER and not _same_customer(fields.get(CUSTOMER), stored):
            continue
        _restore(fields, stored, steps)
    return replace(order, fields=fields)


def in_doubt(orders: tuple[Order, ...]) -> tuple[Order, ...]:
    """Orders of an answer that shows what is withheld as plain nulls, like what is empty.

    Approval is the app's and not an order's: where one order of the answer shows, say, a phone
    number, none was withheld. A kind that no order shows counts as withheld wherever it is null.
    """
    shown = {kind for order in orders for _, kind, value in _personal(order) if value is not None}
    return tuple(_doubted(order, shown) for order in orders)


def redacted(order: Order) -> Order:
    """The order without its customer, and without what the customer or others wrote about it.

    What was sold, when and for how much stays: a business record of nobody in particular.
    """
    fields = dict(order.fields)
    for name in (*PERSONAL, *_FREE_TEXTS):
        if name in fields:
            fields[name] = None
    if _ATTRIBUTES in fields:
        fields[_ATTRIBUTES] = []
    for name, member, nothing in _WITHIN:
        if isinstance(inner := fields.get(name), list):
            fields[name] = [_without(each, member, nothing) for each in inner]
    return replace(order, fields=fields, withheld=())


def customer_of(fields: Mapping[str, Json]) -> str | None:
    """The numeric id of the order's customer."""
    customer = fields.get(CUSTOMER)
    if not isinstance(customer, dict):
        return None
    if isinstance(number := customer.get("legacyResourceId"), str):
        return number
    gid = customer.get("id")
    return gid.rpartition("/")[2] if isinstance(gid, str) else None


_WITHIN: tuple[tuple[str, str, Json], ...] = (
    ("lineItems", _ATTRIBUTES, []),
    ("refunds", "note", None),
    ("fulfillments", "trackingInfo", []),
)
"""Texts about the customer in the lists of an order, and what stays in their place."""


def _without(value: Json, member: str, nothing: Json) -> Json:
    if not isinstance(value, dict) or member not in value:
        return value
    return {**value, member: nothing}


def _same_customer(customer: Json, stored: Mapping[str, Json]) -> bool:
    if not isinstance(customer, dict):
        return True
    return customer_of({CUSTOMER: customer}) == customer_of(stored)


def _restore(fields: dict[str, Json], stored: Mapping[str, Json], steps: list[str]) -> None:
    """Put the stored value at that place, unless nothing is stored or the place is gone."""
    first, *rest = steps
    known = stored.get(first)
    if not rest:
        if known is not None:
            fields[first] = known
        return
    here = fields.get(first)
    if isinstance(here, dict) and isinstance(known, dict):
        fields[first] = inner = dict(here)
        _restore(inner, known, rest)


def _doubted(order: Order, shown: set[str]) -> Order:
    doubts = (p for p, kind, value in _personal(order) if value is None and kind not in shown)
    withheld = tuple(doubts)
    return replace(order, withheld=withheld) if withheld else order


def _personal(order: Order) -> Iterator[tuple[str, str, Json]]:
    """Each personal field that is there, as its path, its kind and its value."""
    for name in PERSONAL:
        if name not in order.fields:
            continue
        value = order.fields[name]
        yield name, _KINDS[name], value
        if isinstance(value, dict):
            for member, inner in value.items():
                if member in _KINDS:
                    yield f"{name}.{member}", _KINDS[member], inner
                elif name in ADDRESSES:
                    yield f"{name}.{member}", "address", inner
