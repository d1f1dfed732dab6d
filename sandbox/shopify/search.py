"""Shopify's search syntax, as far as a sync uses it: terms joined by AND or by spaces.

A field that Shopify does not know is ignored and warned of, never refused: the query then finds
more than was asked for. Source: shopify.dev/docs/api/usage/search-syntax.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from sandbox.shopify.refusals import Refused
from sandbox.shopify.timeline import OrderKey

TERM = re.compile(r"""(?P<field>\w+):(?P<sign>>=|<=|>|<|=)?(?P<value>"[^"]*"|'[^']*'|[^\s'"]+)""")
SIGNS = {">=": "gte", ">": "gt", "<=": "lte", "<": "lt"}
END_OF_TIME = 2**62

TIMES = {"updated_at": "updated", "created_at": "created", "processed_at": "created"}

STATUSES: Mapping[str, Callable[[OrderKey], bool]] = {
    "any": lambda _: True,
    "open": lambda key: not key.closed and not key.cancelled,
    "closed": lambda key: key.closed,
    "cancelled": lambda key: key.cancelled,
    "not_closed": lambda key: not key.closed,
}

# Fields of Shopify's that the sandbox has no answer for: refused aloud rather than ignored.
NOT_SERVED = frozenset(
    """
    cart_token channel chargeback_status checkout_token confirmation_number credit_card_last4
    current_total_price customer_id delivery_method discount_code email financial_status
    fraud_protection_level fulfillment_location_id fulfillment_status gateway location_id
    metafields name payment_id po_number query reference_location_id return_status risk_level
    sales_channel shipping_address sku source_identifier source_name subtotal_line_items_quantity
    tag tag_not total_weight user_id
    """.split()  # noqa: SIM905 - a list of words is easier to read and to sort
)


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` on, up to but without `high`."""

    low: int = -END_OF_TIME
    high: int = END_OF_TIME

    def within(self, other: "Span") -> "Span":
        return Span(max(self.low, other.low), min(self.high, other.high))

    def holds(self, value: int) -> bool:
        return self.low <= value < self.high


@dataclass(frozen=True, slots=True)
class Search:
    """What a search string asks for: spans of `updated`, `created` and `id`, and the rest."""

    spans: Mapping[str, Span]
    tests: tuple[Callable[[OrderKey], bool], ...]
    parsed: Mapping[str, object]
    warnings: tuple[Mapping[str, str], ...]

    def without(self, attribute: str) -> Callable[[OrderKey], bool] | None:
        """The test of everything but that span; None if there is nothing else."""
        spans = tuple((name, span) for name, span in self.spans.items() if name != attribute)
        if not spans and not self.tests:
            return None
        return lambda key: (
            all(span.holds(getattr(key, name)) for name, span in spans)
            and all(test(key) for test in self.tests)
        )


def search_for(query: str | None) -> Search:
    """The search of that string; raises Refused for syntax the sandbox does not serve."""
    spans: dict[str, Span] = {}
    tests: list[Callable[[OrderKey], bool]] = []
    parsed: list[dict[str, object]] = []
    warnings: list[dict[str, str]] = []
    for term in _terms(query or ""):
        parsed.append(_parsed(term))
        span = _span(term)
        if span is not None:
            name, new = span
            spans[name] = spans.get(name, Span()).within(new)
            continue
        test = _test(term)
        if test is not None:
            tests.append(test)
            continue
        warnings.append(
            {
                "field": term["field"],
                "message": "Invalid search field for this query.",
                "code": "invalid_field",
            }
        )
    whole: Mapping[str, object] = parsed[0] if len(parsed) == 1 else {"and": parsed}
    return Search(spans, tuple(tests), whole, tuple(warnings))


def _terms(query: str) -> list[dict[str, str]]:
    terms: list[dict[str, str]] = []
    left = query
    while left := left.strip():
        if re.match(r"AND\b", left):
            left = left[3:]
            continue
        match = TERM.match(left)
        if match is None:
            raise Refused(f"the sandbox does not search for {left!r}: only field:value and AND")
        value = match["value"]
        terms.append(
            {
                "field": match["field"],
                "sign": match["sign"] or "",
                "value": value[1:-1] if value[0] in "'\"" else value,
            }
        )
        left = left[match.end() :]
    return terms


def _parsed(term: Mapping[str, str]) -> dict[str, object]:
    if term["sign"] in SIGNS:
        return {"field": term["field"], "range": {SIGNS[term["sign"]]: term["value"]}}
    return {"field": term["field"], "match_all": term["value"]}


def _span(term: Mapping[str, str]) -> tuple[str, Span] | None:
    field, value = term["field"], term["value"]
    if field in TIMES:
        return TIMES[field], _bounded(term["sign"], _seconds(value))
    if field == "id":
        number = value.rpartition("/")[2]
        if not number.isdecimal():
            return "id", Span(0, 0)
        return "id", _bounded(term["sign"], int(number))
    return None


def _bounded(sign: str, value: float) -> Span:
    first_from, first_after = ceil(value), int(value // 1) + 1
    match sign:
        case ">=":
            return Span(low=first_from)
        case ">":
            return Span(low=first_after)
        case "<":
            return Span(high=first_from)
        case "<=":
            return Span(high=first_after)
        case _:
            return Span(first_from, first_after)


def _seconds(value: str) -> float:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise Refused(f"Invalid timestamp in the search: {value!r}") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _test(term: Mapping[str, str]) -> Callable[[OrderKey], bool] | None:
    field, value = term["field"], term["value"].lower()
    if field == "status" and value in STATUSES:
        return STATUSES[value]
    if field == "test" and value in ("true", "false"):
        return lambda key: key.test == (value == "true")
    if field in NOT_SERVED or field in ("status", "test"):
        raise Refused(f"the sandbox does not search by {field}:{value}")
    return None
