"""The `errors` of a GraphQL answer: what each means for the rest of the answer.

Shopify sends them with HTTP 200, with or without data beside them
(shopify.dev/docs/api/usage/response-codes).
"""

from __future__ import annotations

from dataclasses import dataclass

from adapters.shopify_costs import Cost, points
from adapters.shopify_refusals import quoted
from adapters.shopify_scopes import INSTALLATION
from domain.failures import (
    Failure,
    PageTooLarge,
    Permanent,
    RateLimited,
    Reason,
    TimedOut,
    Transient,
)
from domain.orders import LARGEST_COST, Json

CUSTOMER_FIELDS = frozenset(
    {
        "customer",
        "email",
        "phone",
        "shippingAddress",
        "billingAddress",
    }
)
"""Fields of an order that Shopify keeps from apps without access to protected customer data."""
COUNT = "ordersCount"
MEANINGS: dict[str, tuple[type[Permanent | Transient], Reason, str]] = {
    "SHOP_INACTIVE": (Permanent, Reason.SHOP_UNAVAILABLE, "the shop is not available"),
    "ACCESS_DENIED": (Permanent, Reason.SHOP_UNAUTHORIZED, "the app may not read the shop"),
    "TIMEOUT": (TimedOut, Reason.SHOPIFY_ERROR, "Shopify took too long"),
    "INTERNAL_SERVER_ERROR": (Transient, Reason.SHOPIFY_ERROR, "Shopify failed"),
}
PRECEDENCE = ("THROTTLED", "MAX_COST_EXCEEDED", *MEANINGS)
"""Which error speaks for an answer with several."""


@dataclass(frozen=True, slots=True)
class GraphqlError:
    """One entry of `errors`; `code` is empty where Shopify gave none."""

    message: str
    code: str
    path: tuple[str | int, ...]
    cost: float | None

    @property
    def withholds_customer_data(self) -> bool:
        """The app is not approved for a field about the customer; the others are there."""
        return self.code in {"", "ACCESS_DENIED"} and not CUSTOMER_FIELDS.isdisjoint(self.path)

    @property
    def spoils_only_the_count(self) -> bool:
        return self.path[:1] == (COUNT,) and self.code != "THROTTLED"

    @property
    def hides_only_the_scopes(self) -> bool:
        return self.path[:1] == (INSTALLATION,) and self.code != "THROTTLED"


def graphql_error(entry: Json) -> GraphqlError:
    """One entry of `errors`, however little of it is as documented."""
    if not isinstance(entry, dict):
        return GraphqlError(entry if isinstance(entry, str) else "", "", (), None)
    message = entry.get("message")
    path = entry.get("path")
    extensions = entry.get("extensions")
    details = extensions if isinstance(extensions, dict) else {}
    code = details.get("code")
    return GraphqlError(
        message=message if isinstance(message, str) else "",
        code=code if isinstance(code, str) else "THROTTLED" if message == "Throttled" else "",
        path=tuple(_steps(path)) if isinstance(path, list) else (),
        cost=points(details.get("cost")),
    )


def _steps(path: list[Json]) -> list[str | int]:
    return [step for step in path if isinstance(step, str | int)]


def failure_of(
    errors: list[GraphqlError], cost: Cost, *, beside_data: bool
) -> Failure | RateLimited:
    """What the errors, none of them tolerable, mean for the whole answer."""
    error = min(errors, key=_rank)
    said = quoted(error.message) or error.code or "an error without a text"
    if error.code == "THROTTLED":
        return _throttled(cost)
    if error.code == "MAX_COST_EXCEEDED":
        return PageTooLarge(f"Shopify refuses the page: {said}", cost=error.cost)
    if error.code in MEANINGS:
        kind, reason, meaning = MEANINGS[error.code]
        return kind(reason, f"{meaning}: {said}")
    if beside_data or not error.code:
        return Transient(Reason.SHOPIFY_ERROR, f"Shopify's answer is not whole: {said}")
    return Permanent(Reason.SHOPIFY_ERROR, f"Shopify refused the query ({error.code}): {said}")


def _rank(error: GraphqlError) -> int:
    return PRECEDENCE.index(error.code) if error.code in PRECEDENCE else len(PRECEDENCE)


def _throttled(cost: Cost) -> Failure | RateLimited:
    if cost.never_fits:
        return PageTooLarge(
            "the shop's rate limit is too small for a page of this size",
            cost=cost.requested,
            limit=cost.at_most or LARGEST_COST,
        )
    return RateLimited(cost.throttled_for)
