"""All shops of one sandbox with what has happened to them: the state behind the server."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

from sandbox.shopify.api import Api
from sandbox.shopify.bulk_operations import BulkOperations
from sandbox.shopify.catalogue import Catalogue
from sandbox.shopify.downloads import Downloads
from sandbox.shopify.faults import Fault, Faults
from sandbox.shopify.rest_api import RestApi
from sandbox.shopify.shops import Shop, Shops
from sandbox.shopify.storefront import Storefront
from sandbox.shopify.throttle import Bucket, Limits
from sandbox.shopify.tokens import Tokens

Clock = Callable[[], float]


class Ledger:
    """Counts requests by shop and status, and pages of orders by their `after` cursor.

    A page counts when it is sent whole. The first page's cursor is "".
    """

    def __init__(self) -> None:
        self._requests: dict[str, Counter[str]] = {}
        self._pages: dict[str, Counter[str]] = {}
        self._lock = Lock()

    def request(self, shop: str, outcome: str) -> None:
        with self._lock:
            self._requests.setdefault(shop, Counter())[outcome] += 1

    def pages(self, shop: str, cursors: Iterable[str]) -> None:
        with self._lock:
            self._pages.setdefault(shop, Counter()).update(cursors)

    def clear(self) -> dict[str, Any]:
        """Count from zero again; returns the state."""
        with self._lock:
            self._requests.clear()
            self._pages.clear()
        return self.state()

    def state(self) -> dict[str, Any]:
        """`{shop: {"requests": n, "outcomes": {status: n}, "pages": {after: n}}}`."""
        with self._lock:
            return {
                shop: {
                    "requests": outcomes.total(),
                    "outcomes": dict(outcomes),
                    "pages": dict(self._pages.get(shop, Counter())),
                }
                for shop, outcomes in self._requests.items()
            }


@dataclass(frozen=True, slots=True)
class World:
    """What requests act upon.

    `clock` gives monotonic seconds, for buckets and bulk operations, `wall` those of the epoch.
    """

    shops: Shops
    clock: Clock
    wall: Clock = time.time
    downloads: Downloads = field(default_factory=Downloads)
    faults: Faults = field(default_factory=Faults)
    ledger: Ledger = field(default_factory=Ledger)
    limits: Limits = field(default_factory=Limits)
    ending: Event = field(default_factory=Event)
    tokens: Tokens = field(init=False)
    _apis: dict[str, Api] = field(default_factory=dict)
    _rest: dict[str, RestApi] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", Tokens(self.wall))

    def api(self, domain: str) -> Api | None:
        """The GraphQL endpoint of that shop; None if there is no such shop."""
        shop = self.shops.find(domain)
        if shop is None:
            return None
        with self._lock:
            if domain not in self._apis:
                storefront = Storefront(shop, Catalogue(shop))
                storefront.bulk = self._bulk(storefront)
                self._apis[domain] = Api(storefront, Bucket(shop.plan, self.clock, self.limits))
            return self._apis[domain]

    def _bulk(self, storefront: Storefront) -> BulkOperations:
        domain = storefront.shop.domain

        def next_fault(among: frozenset[Fault]) -> Fault | None:
            switch = self.faults.next_for(domain, among)
            return None if switch is None else switch.fault

        return BulkOperations(
            storefront.walk_of,
            storefront.make,
            next_fault,
            lambda operation, partial: self.downloads.url(
                domain, operation, self.wall, partial=partial
            ),
            self.clock,
            self.wall,
            self.downloads.pace,
            self.ending,
            storefront.shop.kinds,
        )

    def rest(self, domain: str) -> RestApi | None:
        """The REST endpoints of that shop, over the same orders; None if there is no such shop."""
        api = self.api(domain)
        if api is None:
            return None
        with self._lock:
            if domain not in self._rest:
                bucket = Bucket(api.storefront.shop.plan.rest, self.clock, self.limits)
                self._rest[domain] = RestApi(api.storefront, bucket)
            return self._rest[domain]

    def buckets(self) -> dict[str, dict[str, Bucket]]:
        """Those of the shops that were asked for anything: `{shop: {"graphql": …, "rest": …}}`."""
        with self._lock:
            found = {shop: {"graphql": api.bucket} for shop, api in self._apis.items()}
            for shop, rest in self._rest.items():
                found[shop]["rest"] = rest.bucket
            return found

    def declare(self, shop: Shop) -> None:
        """Add a shop, or put a new one in the place of an old one and its history."""
        with self._lock:
            self._apis.pop(shop.domain, None)
            self._rest.pop(shop.domain, None)
            self.shops.declare(shop)
