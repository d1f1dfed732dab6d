"""What REST says that the app may read, and for how long nobody asks again."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from adapters.shopify_answers import unreadable
from adapters.shopify_rest_answers import RestAnswer
from adapters.shopify_scopes import handles_in
from domain.shops import ConnectedShop

RESOURCE = "/admin/oauth/access_scopes"
"""Source: shopify.dev/docs/api/admin-rest/latest/resources/accessscope."""
KEPT_FOR = 6 * 3600.0
"""Seconds. A merchant who grants more authorises the app again, which brings another token."""
MOST_SHOPS = 10_000


def scopes_among(answer: RestAnswer) -> frozenset[str]:
    """The scopes of an answer; Transient unless it lists them."""
    listed = answer.content.get("access_scopes")
    scopes = handles_in(listed) if isinstance(listed, list) else None
    if scopes is None:
        raise unreadable("it has no access scopes")
    return scopes


class KnownScopes:
    """The scopes of each shop's token, as they were asked for last; used by many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, str], tuple[float, frozenset[str]]] = OrderedDict()

    def of(self, shop: ConnectedShop, now: float) -> frozenset[str] | None:
        """The scopes, unless they were asked for too long ago; `now` is monotonic, in seconds."""
        with self._lock:
            asked, scopes = self._known.get(_key(shop), (now - KEPT_FOR, frozenset()))
        return scopes if now - asked < KEPT_FOR else None

    def keep(self, shop: ConnectedShop, scopes: frozenset[str], now: float) -> None:
        with self._lock:
            self._known[_key(shop)] = (now, scopes)
            self._known.move_to_end(_key(shop))
            while len(self._known) > MOST_SHOPS:
                self._known.popitem(last=False)


def _key(shop: ConnectedShop) -> tuple[str, str]:
    return shop.shop, shop.access_token
