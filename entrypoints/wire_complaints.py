"""One sentence for what is wrong with a message: fields and rules, never values."""

from __future__ import annotations

from pydantic import ValidationError

_ALLOWED = {
    "type": 'must be "sync-page", "retry-batch", "purge-user" or "redact-customer"',
    "userId": "must be a text of 1-128 characters without white space or control characters",
    "syncType": 'must be "initial", "manual" or "daily"',
    "version": "must be the number 1 or absent",
    "resource": 'must be "orders" or absent',
    "requestId": "must be a text of 1-256 characters without white space, or absent",
    "mode": 'must be "resume", "restart" or absent',
    "updatedSince": "must be ISO 8601 with an offset, like 2026-01-31T00:00:00Z, or absent",
    "chainId": "must be a text of 1-256 characters without white space, or absent",
    "page": "must be a whole number from 1 to 10000000, or absent",
    "batchId": "must be a text of 1-1024 characters without white space, or absent",
    "customerId": "must be a numeric id in decimal",
    "orderIds": "must be a list of at most 2000 numeric ids in decimal, or absent",
}


def complaint(error: ValidationError) -> str:
    """Name each field that is wrong once, and what is allowed in it."""
    problems: dict[str, str] = {}
    for each in error.errors(include_input=False, include_url=False, include_context=False):
        field = _field(each["loc"])
        missing = " is missing and" if each["type"] in _MISSING else ""
        problems.setdefault(field, f"{field}{missing} {_ALLOWED.get(field, 'is not valid')}")
    return "; ".join(problems.values())


_MISSING = frozenset({"missing", "union_tag_not_found"})


def _field(location: tuple[int | str, ...]) -> str:
    """Pydantic's locations begin with the message's type; the discriminator's is empty."""
    return next((str(part) for part in location if part in _ALLOWED), "type")
