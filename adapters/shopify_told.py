"""What answers say of a shop's rate limit, whatever else is in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from adapters.buckets import NO_ANSWER, NOBODY_THERE, Told
from adapters.shopify_costs import Cost, cost_in, retry_after
from adapters.shopify_transport import RawAnswer

CALL_LIMIT = "X-Shopify-Shop-Api-Call-Limit"
SECONDS_TO_EMPTY = 20
"""A full bucket leaks empty in that time on every plan: 40 calls at 2 a second, 80 at 4, …"""
A_CALL = 1.0

_CALL_LIMIT = re.compile(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*")


class _Outline(msgspec.Struct):
    """A GraphQL answer, most of which is not looked at here."""

    extensions: Any = None


_OUTLINE = msgspec.json.Decoder(_Outline)


def graphql_cost(raw: RawAnswer) -> tuple[Told, Cost]:
    """What the answer says of the bucket, and what its query was to cost.

    A query that was refused, for its cost or for the rate limit, costs nothing; one whose cost is
    not told is taken for free, and is paced by what the next one tells.
    """
    try:
        cost = cost_in(_OUTLINE.decode(raw.body).extensions)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return (NO_ANSWER if raw.status == HTTPStatus.OK else _refused(raw, NOBODY_THERE)), Cost()
    charged = 0.0 if cost.charged is None else cost.charged
    told = Told(cost.available, cost.at_most, cost.restored_a_second, charged)
    return _refused(raw, told), cost


def rest_calls(raw: RawAnswer) -> Told:
    """The call limit in the header, such as "32/40"; each answer but a 429 is one call.

    Source: shopify.dev/docs/api/admin-rest/usage/rate-limits.
    """
    used, capacity = _call_limit(raw.headers)
    rate = None if capacity is None else capacity / SECONDS_TO_EMPTY
    available = None if used is None or capacity is None else max(capacity - used, 0.0)
    return _refused(raw, Told(available, capacity, rate, A_CALL))


def _refused(raw: RawAnswer, told: Told) -> Told:
    """The same, but for an answer that says to wait."""
    if raw.status != HTTPStatus.TOO_MANY_REQUESTS:
        return told
    wait = retry_after(raw.headers.get("Retry-After"))
    return Told(told.available, told.capacity, told.restore_rate, 0.0, wait)


def _call_limit(headers: Mapping[str, str]) -> tuple[float | None, float | None]:
    found = _CALL_LIMIT.fullmatch(headers.get(CALL_LIMIT, ""))
    if found is None or not int(found[2]):
        return None, None
    return float(found[1]), float(found[2])
