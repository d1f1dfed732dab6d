"""What the app may read of a shop, and what a run lacks without it.

Source: shopify.dev/docs/api/usage/access-scopes.
"""

from __future__ import annotations

from domain.caveats import Caveat, CaveatKind
from domain.failures import Permanent, Reason
from domain.orders import Json
from domain.shops import ConnectedShop

READS_ORDERS = frozenset({"read_orders", "write_orders"})
"""Either lets an app read the orders of the last 60 days: who may write may read."""
READS_ALL_ORDERS = "read_all_orders"
INSTALLATION = "appInstallation"
"""The field of a GraphQL answer that names them; unlike `currentAppInstallation` it may be null,
so that an error there leaves the rest of the answer whole."""


def scopes_in(installation: Json) -> frozenset[str] | None:
    """The scopes of GraphQL's `appInstallation`; None where it does not say."""
    match installation:
        case {"accessScopes": list() as scopes}:
            return handles_in(scopes)
        case _:
            return None


def handles_in(scopes: list[Json]) -> frozenset[str] | None:
    """The handles of a list of scopes; None if it is none."""
    handles = [scope.get("handle") if isinstance(scope, dict) else None for scope in scopes]
    known = frozenset(handle for handle in handles if isinstance(handle, str))
    return known if len(known) == len(set(handles)) else None


def news_of(shop: ConnectedShop, scopes: frozenset[str] | None) -> tuple[str, ...] | None:
    """The scopes, if they mean something else for orders than those that the shop's tokens name.

    Token answers leave out what others imply (who may write may read), and are none the worse.
    """
    if not scopes or _meaning(scopes) == _meaning(frozenset(shop.tokens.scopes)):
        return None
    return tuple(sorted(scopes))


def _meaning(scopes: frozenset[str]) -> tuple[bool, bool]:
    return not scopes.isdisjoint(READS_ORDERS), READS_ALL_ORDERS in scopes


def caveats_of(scopes: frozenset[str] | None) -> tuple[Caveat, ...]:
    """What a run lacks with these scopes; None: they are not known.

    Raises Permanent shop-unauthorized where the app may read no orders at all: without an error
    from Shopify, that would look like a shop that has none.
    """
    if scopes is None:
        text = "Shopify did not say what the app may read: orders may be missing"
        return (Caveat(CaveatKind.SCOPES_UNKNOWN, text),)
    if scopes.isdisjoint(READS_ORDERS):
        raise Permanent(
            Reason.SHOP_UNAUTHORIZED, "the app lacks the access scope read_orders in this shop"
        )
    if READS_ALL_ORDERS in scopes:
        return ()
    text = (
        "without the access scope read_all_orders Shopify shows only orders that were created in "
        "the last 60 days"
    )
    return (Caveat(CaveatKind.SIXTY_DAYS_ONLY, text),)
