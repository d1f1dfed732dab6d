"""Answers the fields of QueryRoot for one shop."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

from sandbox.shopify.bulk_operations import BulkOperations
from sandbox.shopify.bulk_results import Walk
from sandbox.shopify.catalogue import Catalogue, SortBy, Stretch
from sandbox.shopify.cursors import cursor_at, place_of
from sandbox.shopify.order_maker import instant, make_order
from sandbox.shopify.pages import Page, size_of
from sandbox.shopify.refusals import Refused
from sandbox.shopify.search import Search, search_for
from sandbox.shopify.shops import Shop
from sandbox.shopify.timeline import OrderKey

SORT_KEYS = {
    "UPDATED_AT": SortBy.UPDATED_AT,
    "CREATED_AT": SortBy.CREATED_AT,
    "PROCESSED_AT": SortBy.CREATED_AT,
    "ID": SortBy.ID,
}
SCOPES = {
    "read_orders": "Read orders, transactions, and fulfillments",
    "read_all_orders": "Read all orders",
    "read_customers": "Read customers",
}
DENIED = "Access denied for {} field. Required access: `read_orders` access scope."
INSTALLATION = "gid://shopify/AppInstallation/9000001"
ORDERS_KEPT = 4_000
LEFT_OUT_EVERY = 50


class Storefront:
    """One shop as its API shows it. Made orders are kept for a while; many threads may ask."""

    def __init__(self, shop: Shop, catalogue: Catalogue) -> None:
        self.shop = shop
        self.catalogue = catalogue
        self.bulk: BulkOperations | None = None
        self._made = lru_cache(maxsize=ORDERS_KEPT)(lambda key: make_order(shop, key))

    def answer(self, field: str, arguments: Mapping[str, Any]) -> Any:
        """The value of a root field: plain dicts, a Page or None; raises Refused."""
        if field in {"orders", "ordersCount"} and "read_orders" not in self.shop.scopes:
            raise Refused(DENIED.format(field), code="ACCESS_DENIED")
        match field:
            case "orders":
                return self._orders(arguments)
            case "ordersCount":
                return self._count(arguments)
            case "order" | "node":
                return self._one(arguments["id"])
            case "shop":
                return self._shop()
            case "appInstallation" | "currentAppInstallation":
                return self._installation(arguments)
            case _:
                return None if self.bulk is None else self.bulk.answer(field, arguments)

    def make(self, key: OrderKey) -> dict[str, Any]:
        """The order of that key, which is not kept."""
        return make_order(self.shop, self.catalogue.current(key))

    def walk_of(self, arguments: Mapping[str, Any]) -> Walk:
        """The orders that a bulk query asks for, as they are now. Refused as `orders` would be.

        Sorted by update time and searched by it, a bulk query leaves out some of what it should
        find: Shopify's does, too.
        """
        by = SORT_KEYS.get(arguments["sortKey"], SortBy.CREATED_AT)
        search = search_for(arguments.get("query"))
        stretch, test = Stretch.of(by, search), search.without(by.attribute)
        gaps = by is SortBy.UPDATED_AT and by.attribute in search.spans
        forwards = self.catalogue.as_it_is()

        def walk(key: OrderKey | None) -> Iterator[OrderKey]:
            part = stretch if key is None else replace(stretch, low=by.place(key))
            found = forwards(part) if test is None else filter(test, forwards(part))
            return (each for each in found if not gaps or each.index % LEFT_OUT_EVERY)

        return walk

    def order(self, key: OrderKey) -> dict[str, Any]:
        """The order of that key, as a tree with GraphQL's names: not to be changed."""
        return self._made(self.catalogue.current(key))

    def _orders(self, arguments: Mapping[str, Any]) -> Page:
        by = SORT_KEYS.get(arguments["sortKey"])
        if by is None:
            raise Refused(
                f"the sandbox does not sort by {arguments['sortKey']}: {', '.join(SORT_KEYS)}"
            )
        search = search_for(arguments.get("query"))
        after, before = arguments.get("after"), arguments.get("before")
        size, is_last = size_of(arguments), arguments.get("last") is not None
        stretch, backwards = Stretch.of(by, search), bool(arguments.get("reverse"))
        if after is not None:
            stretch = _beyond(stretch, after, backwards=backwards)
        if before is not None:
            stretch = _beyond(stretch, before, backwards=not backwards)
        keys = list(islice(self._matching(stretch, search, backwards != is_last), size + 1))
        more, keys = len(keys) > size, keys[:size]
        if is_last:
            keys.reverse()
        return Page(
            [self.order(key) for key in keys],
            lambda i: cursor_at(keys[i].id, by.place(keys[i])[0], is_time=by.is_time),
            has_next=before is not None if is_last else more,
            has_previous=more if is_last else after is not None,
        )

    def _matching(self, stretch: Stretch, search: Search, backwards: bool) -> Iterator[OrderKey]:  # noqa: FBT001 - read at the one call
        walk = self.catalogue.backwards if backwards else self.catalogue.forwards
        test = search.without(stretch.by.attribute)
        return walk(stretch) if test is None else filter(test, walk(stretch))

    def _count(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        search = search_for(arguments.get("query"))
        limit = arguments.get("limit")
        by = next((by for by in SortBy if by.attribute in search.spans), SortBy.ID)
        stretch = Stretch.of(by, search)
        if search.without(by.attribute) is None:
            count = self.catalogue.count(stretch)
        else:
            most = None if limit is None else limit + 1
            found = islice(self._matching(stretch, search, backwards=False), most)
            count = sum(1 for _ in found)
        if limit is not None and count > limit:
            return {"count": limit, "precision": "AT_LEAST"}
        return {"count": count, "precision": "EXACT"}

    def _one(self, gid: str) -> dict[str, Any] | None:
        prefix, _, number = gid.rpartition("/")
        if self.bulk is not None and prefix == "gid://shopify/BulkOperation":
            found: dict[str, Any] | None = self.bulk.answer("bulkOperation", {"id": gid})
            return found
        if prefix != "gid://shopify/Order" or not number.isdecimal():
            return None
        key = self.catalogue.by_id(int(number))
        return None if key is None else self._made(key)

    def _installation(self, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        if arguments.get("id") not in {None, INSTALLATION}:
            return None
        scopes = [
            {"handle": handle, "description": SCOPES.get(handle, handle)}
            for handle in self.shop.scopes
        ]
        return {"id": INSTALLATION, "accessScopes": scopes}

    def _shop(self) -> dict[str, Any]:
        plan = self.shop.plan.handle
        return {
            "__typename": "Shop",
            "id": f"gid://shopify/Shop/{60_000_000_000 + self.shop.seed}",
            "name": self.shop.handle.replace("-", " ").title(),
            "myshopifyDomain": self.shop.domain,
            "currencyCode": self.shop.currency,
            "ianaTimezone": "America/New_York",
            "createdAt": instant(int(self.shop.last_update.timestamp()) - 86_400 * self.shop.days),
            "plan": {
                "partnerDevelopment": False,
                "publicDisplayName": plan.title(),
                "shopifyPlus": plan == "plus",
            },
        }


def _beyond(stretch: Stretch, cursor: str, *, backwards: bool) -> Stretch:
    place = place_of(cursor, is_time=stretch.by.is_time)
    return stretch.before(place) if backwards else stretch.after(place)
