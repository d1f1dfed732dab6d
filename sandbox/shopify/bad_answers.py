"""The bodies and headers of the faults, word for word as Shopify was seen to write them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.shopify.api import too_dear
from sandbox.shopify.faults import Fault, Switch

JSON = "application/json; charset=utf-8"
HTML_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Something went wrong</title></head>"
    "<body><h1>Sorry, this shop is resting \u2026</h1></body></html>\n"
)
WRONG_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105 - a message
TOO_FAST = (
    "Exceeded 2 calls per second for api client. "
    "Reduce request rates to resume uninterrupted service."
)
NOT_APPROVED = (
    "This app is not approved to access the Customer object. See "
    "https://partners.shopify.com/123/apps/456/customer_data for more details."
)

NOT_GRANTED = "[API] This action requires merchant approval for read_orders scope."
HTML_OF = {
    Fault.SERVER_ERROR: 500,
    Fault.BAD_GATEWAY: 502,
    Fault.UNAVAILABLE: 503,
    Fault.GATEWAY_TIMEOUT: 504,
    Fault.HTML: 200,
}
REFUSALS = {
    Fault.FROZEN: (402, "Unavailable Shop"),
    Fault.FORBIDDEN: (403, NOT_GRANTED),
    Fault.UNAVAILABLE_SHOP: (403, "Unavailable Shop"),
    Fault.NOT_FOUND: (404, "Not Found"),
    Fault.LOCKED: (423, "This shop is locked"),
    Fault.REJECTED: (430, "Shopify Security Rejection"),
}
ACCESS_DENIED = {
    "message": "Access denied for orders field. Required access: `read_orders` access scope.",
    "path": ["orders"],
    "extensions": {"code": "ACCESS_DENIED"},
}
SUCCESSES: Mapping[Fault, Mapping[str, Any]] = {
    Fault.MAX_COST: too_dear(2_003),
    Fault.EMPTY_OBJECT: {},
    Fault.EMPTY_DATA: {"data": {}},
    Fault.ACCESS_DENIED: {"data": {"orders": None}, "errors": [ACCESS_DENIED]},
}


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response: its status, its body and what is said about it."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    compressed: bytes | None = None
    """The body in gzip, where it is known already."""


def as_json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, json.dumps(body).encode(), headers=headers or {})


def wrong_token() -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="Shopify API Authentication"'}
    return as_json(401, {"errors": WRONG_TOKEN}, headers)


def too_many_calls(headers: Mapping[str, str]) -> Response:
    return as_json(429, {"errors": TOO_FAST}, headers)


def no_such_shop() -> Response:
    return as_json(404, {"errors": "Not Found"})


def canned(switch: Switch, request_id: str) -> Response | None:
    """The answer of a fault that needs no query to be executed; None for the others."""
    if switch.fault in HTML_OF:
        page = HTML_PAGE.encode()
        return Response(HTML_OF[switch.fault], page, "text/html; charset=utf-8")
    if switch.fault in REFUSALS:
        status, text = REFUSALS[switch.fault]
        return as_json(status, {"errors": text})
    if switch.fault in SUCCESSES:
        return as_json(200, SUCCESSES[switch.fault])
    return _particular(switch, request_id)


def _particular(switch: Switch, request_id: str) -> Response | None:
    match switch.fault:
        case Fault.RATE_LIMITED:
            return too_many_calls({"Retry-After": switch.retry_after})
        case Fault.NO_RETRY_AFTER:
            return too_many_calls({})
        case Fault.BAD_TOKEN:
            return wrong_token()
        case Fault.INTERNAL_ERROR:
            return as_json(200, {"errors": [_internal_error(request_id)]})
        case Fault.REDIRECT:
            return Response(302, b"", headers={"Location": "https://elsewhere.example.com/"})
        case _:
            return None


def _internal_error(request_id: str) -> dict[str, Any]:
    return {
        "message": "Internal error. Looks like something went wrong on our end.\n"
        f"Request ID: {request_id} (include this in support requests).",
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
    }


PROTECTED = frozenset({"customer", "email", "phone", "shippingAddress", "billingAddress"})


def without_customers(body: dict[str, Any]) -> dict[str, Any]:
    """The same answer for an app that may see nothing of customers: nulls, an error for each."""
    errors: list[dict[str, Any]] = []

    def redacted(value: Any, path: list[str | int]) -> Any:
        if isinstance(value, list):
            return [redacted(each, [*path, place]) for place, each in enumerate(value)]
        if not isinstance(value, dict):
            return value
        answer: dict[str, Any] = {}
        for key, inner in value.items():
            if key in PROTECTED and inner is not None:
                errors.append({"message": NOT_APPROVED, "path": [*path, key]})
                answer[key] = None
            else:
                answer[key] = redacted(inner, [*path, key])
        return answer

    data = redacted(body.get("data"), [])
    return {**body, "data": data, "errors": errors}
