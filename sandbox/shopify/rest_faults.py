"""How REST goes wrong: its kin of GraphQL's faults, and those that only REST has."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sandbox.shopify.bad_answers import Response, as_json
from sandbox.shopify.faults import Fault, Switch
from sandbox.shopify.rest_api import CALL_LIMIT, RestRequest

Answered = tuple[Response, tuple[str, ...]]

KIN = {
    Fault.THROTTLED: Fault.RATE_LIMITED,
    Fault.ACCESS_DENIED: Fault.FORBIDDEN,
    Fault.INTERNAL_ERROR: Fault.SERVER_ERROR,
    Fault.MAX_COST: Fault.GATEWAY_TIMEOUT,
}
"""What GraphQL says with HTTP 200, REST says with a status."""

NULLED = (
    *("total_price", "total_price_set", "subtotal_price", "subtotal_price_set", "total_tax_set"),
    *("shipping_address", "billing_address", "customer", "financial_status", "note"),
)
WITHHELD = ("customer", "email", "phone", "shipping_address", "billing_address")
HERE = re.compile("<http://[^/]+/")
"""What stands before the shop's domain in an address of the sandbox."""


def as_rest(switch: Switch) -> Switch:
    """The switch as it shows in REST."""
    return replace(switch, fault=KIN.get(switch.fault, switch.fault))


def spoilt(fault: Fault, request: RestRequest, answer: Callable[[], Answered]) -> Answered:
    """The answer with that fault in it; the right one for a fault that REST does not have."""
    if fault is Fault.STALE_PAGE_INFO and "page_info" in request.parameters:
        return as_json(400, {"errors": {"page_info": "Invalid value."}}), ()
    response, pages = answer()
    spoil = SPOILERS.get(fault)
    return (response if spoil is None else spoil(response)), pages


def _with(response: Response, body: bytes) -> Response:
    return replace(response, body=body, compressed=None)


def _half(response: Response) -> Response:
    return _with(response, response.body[: len(response.body) // 2])


def _without_call_limit(response: Response) -> Response:
    return replace(response, headers=_without(response, CALL_LIMIT))


def _next_first(response: Response) -> Response:
    links = response.headers.get("Link", "").split(", ")
    return replace(response, headers={**response.headers, "Link": ", ".join(links[::-1])})


def _foreign_link(response: Response) -> Response:
    _, _, rest = response.headers.get("Link", "<http://nowhere/>").partition("://")
    elsewhere = f"<https://elsewhere.example.com/{rest.partition('/')[2]}"
    return replace(response, headers={**response.headers, "Link": elsewhere})


def _own_link(response: Response) -> Response:
    link = HERE.sub("<https://", response.headers.get("Link", ""))
    return replace(response, headers={**response.headers, "Link": link})


def _with_nulls(names: tuple[str, ...]) -> Callable[[Response], Response]:
    def nulled(response: Response) -> Response:
        content: Any = json.loads(response.body)
        for order in content.get("orders", ()):
            order.update(dict.fromkeys(order.keys() & set(names)))
        return _with(response, json.dumps(content).encode())

    return nulled


def _without(response: Response, name: str) -> Mapping[str, str]:
    return {each: value for each, value in response.headers.items() if each != name}


SPOILERS: Mapping[Fault, Callable[[Response], Response]] = {
    Fault.HALF_A_BODY: _half,
    Fault.NO_CALL_LIMIT: _without_call_limit,
    Fault.NEXT_FIRST: _next_first,
    Fault.FOREIGN_LINK: _foreign_link,
    Fault.OWN_LINK: _own_link,
    Fault.NULL_FIELDS: _with_nulls(NULLED),
    Fault.PROTECTED_DATA: _with_nulls(WITHHELD),
}
