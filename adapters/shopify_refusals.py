"""What HTTP statuses other than 200 mean (shopify.dev/docs/api/usage/response-codes)."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus

import msgspec

from adapters.shopify_costs import cost_in, retry_after
from adapters.shopify_transport import RawAnswer
from domain.failures import (
    Failure,
    Outage,
    Permanent,
    RateLimited,
    Reason,
    SecurityRejected,
    TimedOut,
    TokenRefused,
    Transient,
)
from domain.orders import Json

LONGEST_QUOTE = 200
SECURITY_REJECTION = 430
"""Shopify's own: the request looks malicious. Asking again at once makes it worse."""
AFTER_SECURITY_REJECTION = timedelta(minutes=5)
UNAVAILABLE = frozenset({402, 404, 423})
"""Frozen for an unpaid bill, closed or another domain, locked."""
NO_FIXED_TOKENS = "non-expiring access tokens are no longer accepted"
"""Said with 403 to public apps that have not gone over to tokens that expire (from 2027-01-01)."""
TIME_OUTS = frozenset({408, 504, 524})

_REDIRECTS = range(300, 400)
_REFUSALS = range(400, 500)
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def refusal(raw: RawAnswer) -> Failure | RateLimited | SecurityRejected:
    """The failure that an answer with another status than 200 stands for."""
    status = raw.status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return _rate_limit(raw)
    if status in TIME_OUTS:
        return TimedOut(Reason.SHOPIFY_ERROR, f"Shopify took too long (HTTP {status})")
    if status in _REDIRECTS:
        return Permanent(
            Reason.SHOPIFY_ERROR,
            f"Shopify sent us elsewhere (HTTP {status}); redirects are never followed",
        )
    if status == SECURITY_REJECTION:
        said = _said("Shopify rejected the request for its security", raw)
        failure = Transient(Reason.SHOPIFY_ERROR, said)
        return SecurityRejected(AFTER_SECURITY_REJECTION, failure)
    if status in _REFUSALS:
        return _refused(raw)
    least = retry_after(raw.headers["Retry-After"]) if "Retry-After" in raw.headers else None
    return Outage(Reason.SHOPIFY_ERROR, f"Shopify failed (HTTP {status})", retry_after=least)


def _rate_limit(raw: RawAnswer) -> RateLimited:
    if "Retry-After" in raw.headers:
        return RateLimited(retry_after(raw.headers["Retry-After"]))
    content = _json(raw.body)
    extensions = content.get("extensions") if isinstance(content, dict) else None
    return RateLimited(cost_in(extensions).throttled_for)


def _refused(raw: RawAnswer) -> Permanent:
    if raw.status == HTTPStatus.UNAUTHORIZED:
        return TokenRefused(_said("the access token is not accepted", raw))
    if raw.status == HTTPStatus.FORBIDDEN and NO_FIXED_TOKENS in _text(raw).lower():
        return TokenRefused(_said("the access token is of a kind that is over", raw))
    if raw.status == HTTPStatus.FORBIDDEN and "unavailable shop" not in _text(raw).lower():
        return Permanent(Reason.SHOP_UNAUTHORIZED, _said("the app may not read the shop", raw))
    if raw.status == HTTPStatus.FORBIDDEN or raw.status in UNAVAILABLE:
        return Permanent(Reason.SHOP_UNAVAILABLE, _said("the shop is not available", raw))
    return Permanent(Reason.SHOPIFY_ERROR, _said("Shopify refused the request", raw))


def _said(what: str, raw: RawAnswer) -> str:
    text = _text(raw)
    return f"{what} (HTTP {raw.status})" + (f": {quoted(text)}" if text else "")


def _text(raw: RawAnswer) -> str:
    """The `errors` of the answer as one text, empty if it has none that we know the shape of."""
    content = _json(raw.body)
    if not isinstance(content, dict):
        return ""
    return _joined(content.get("errors") or content.get("error_description") or "")


def _joined(errors: Json) -> str:
    match errors:
        case str():
            return errors
        case {"message": str() as message}:
            return message
        case list():
            return "; ".join(filter(None, map(_joined, errors)))
        case dict():
            return "; ".join(f"{name}: {_joined(value)}" for name, value in errors.items())
        case _:
            return ""


def _json(body: bytes) -> Json:
    try:
        content: Json = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return content


def quoted(text: str) -> str:
    """What Shopify says, on one line and not at length."""
    line = _BLANKS.sub(" ", text).strip()
    return line if len(line) <= LONGEST_QUOTE else f"{line[: LONGEST_QUOTE - 1]}…"
