"""A shop's REST endpoints, without HTTP: parameters go in, Shopify's answer comes out."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import msgspec

from sandbox.shopify.bad_answers import NOT_GRANTED, Response, as_json, too_many_calls
from sandbox.shopify.rest_filters import BadRequest, Listing, Slice, listing_of
from sandbox.shopify.rest_order import rest_order
from sandbox.shopify.shops import Shop
from sandbox.shopify.storefront import Storefront
from sandbox.shopify.throttle import Bucket
from sandbox.shopify.timeline import OrderKey

CALL_LIMIT = "X-Shopify-Shop-Api-Call-Limit"
ORDERS_KEPT = 1_000
PAGES_KEPT = 400


@dataclass(frozen=True, slots=True)
class RestRequest:
    """What is asked for: `address` is the URL without its query, `resource` its last part."""

    address: str
    resource: str
    parameters: Mapping[str, str]


class RestApi:
    """One shop's endpoints; each call takes one from the bucket, whatever is answered."""

    def __init__(self, storefront: Storefront, bucket: Bucket) -> None:
        self.storefront = storefront
        self.bucket = bucket
        self._packed = lru_cache(maxsize=PAGES_KEPT)(self._encoded)
        self._shown = lru_cache(maxsize=ORDERS_KEPT)(lambda key: rest_order(storefront.order(key)))

    def answer(self, request: RestRequest) -> tuple[Response, tuple[str, ...]]:
        """The response, and the `page_info` of the page of orders in it ("" for a first page)."""
        if not self.bucket.take(1):
            return too_many_calls({CALL_LIMIT: self.bucket.used(), "Retry-After": "2.0"}), ()
        limit = {CALL_LIMIT: self.bucket.used()}
        if "read_orders" not in self.storefront.shop.scopes:
            return as_json(403, {"errors": NOT_GRANTED}, limit), ()
        try:
            match request.resource:
                case "orders":
                    return self._orders(request, limit)
                case "orders/count":
                    count = listing_of(request.parameters).count(self.storefront.catalogue)
                    return as_json(200, {"count": count}, limit), ()
                case _:
                    return as_json(404, {"errors": "Not Found"}, limit), ()
        except BadRequest as refused:
            return as_json(400, {"errors": refused.errors}, limit), ()

    def _orders(
        self, request: RestRequest, headers: Mapping[str, str]
    ) -> tuple[Response, tuple[str, ...]]:
        listing = listing_of(request.parameters)
        catalogue = self.storefront.catalogue
        writes = catalogue.writes
        page = listing.slice(catalogue)
        packed = self._packed(page.keys, request.parameters.get("fields"), writes)
        link = _link(request, listing, page)
        headers = {**headers, "Link": link} if link else headers
        response = Response(200, gzip.decompress(packed), headers=headers, compressed=packed)
        return response, (request.parameters.get("page_info", ""),)

    def _encoded(self, keys: tuple[OrderKey, ...], fields: str | None, _writes: int) -> bytes:
        """A page, in gzip: it is sent like this again and again, as long as nothing changes."""
        orders = [self._order(key, fields) for key in keys]
        return gzip.compress(msgspec.json.encode({"orders": orders}), 1)

    def _order(self, key: OrderKey, fields: str | None) -> dict[str, Any]:
        order = self._shown(self.storefront.catalogue.current(key))
        if fields is None:
            return order
        wanted = {name.strip() for name in fields.split(",")}
        return {name: value for name, value in order.items() if name in wanted}


def access_scopes(shop: Shop) -> Response:
    return as_json(200, {"access_scopes": [{"handle": handle} for handle in shop.scopes]})


def _link(request: RestRequest, listing: Listing, page: Slice) -> str:
    """The Link header: `previous` first, as Shopify's; empty if there is but one page."""
    links = []
    for there_is, rel, place in ((page.before, "previous", 0), (page.after, "next", -1)):
        if there_is and page.keys:
            kept = {k: v for k, v in request.parameters.items() if k in {"limit", "fields"}}
            page_info = listing.link(page.keys[place], backwards=rel == "previous")
            query = urlencode({**kept, "page_info": page_info})
            links.append(f'<{request.address}?{query}>; rel="{rel}"')
    return ", ".join(links)
