"""What tests of the sandbox share: a shop without HTTP, and both servers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
import requests

from sandbox.processes import Sandbox
from sandbox.shopify.api import Api, Request
from sandbox.shopify.catalogue import Catalogue
from sandbox.shopify.server import ShopifyServer
from sandbox.shopify.shops import Plan, Shop, Shops
from sandbox.shopify.storefront import Storefront
from sandbox.shopify.throttle import Bucket
from sandbox.shopify.world import World

UNIQUE = count(1)


@dataclass
class Clock:
    """A clock that stands still until it is told otherwise."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class ShopUnderTest:
    """A shop's API without HTTP, and the clock of its bucket."""

    shop: Shop
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.catalogue = Catalogue(self.shop)
        self.storefront = Storefront(self.shop, self.catalogue)
        self.api = Api(self.storefront, Bucket(self.shop.plan, self.clock))

    def ask(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """The whole answer; the bucket is full again afterwards."""
        body = self.api.answer(Request(query, variables)).body
        self.clock.seconds += 1_000
        return body

    def data(self, query: str, /, **variables: Any) -> dict[str, Any]:
        body = self.ask(query, **variables)
        assert "errors" not in body, body["errors"]
        found: dict[str, Any] = body["data"]
        return found


OpenShop = Callable[..., ShopUnderTest]


@pytest.fixture
def open_shop() -> OpenShop:
    """Opens a shop of so many orders."""

    def opened(orders: int, **options: Any) -> ShopUnderTest:
        return ShopUnderTest(Shop("a-shop.myshopify.com", orders=orders, **options))

    return opened


@pytest.fixture(scope="session")
def shopify() -> Iterator[ShopifyServer]:
    """The simulated Shopify over HTTP; every domain is a shop of 60 orders."""
    template = Shop("any.myshopify.com", orders=60, plan=Plan.PLUS)
    with ShopifyServer(World(Shops((), template), Clock())) as server:
        yield server


@dataclass
class HttpShop:
    """A shop of its own for one test, over HTTP."""

    server: ShopifyServer
    session: requests.Session
    domain: str

    @property
    def url(self) -> str:
        return f"{self.server.url}/{self.domain}/admin/api/2026-10/graphql.json"

    def post(self, query: str, **options: Any) -> requests.Response:
        headers = {"X-Shopify-Access-Token": f"shpat_sandbox_{self.domain.partition('.')[0]}"}
        return self.session.post(
            options.pop("url", self.url),
            json={"query": query, "variables": options.pop("variables", {})},
            headers=headers | options.pop("headers", {}),
            timeout=10,
            allow_redirects=False,
        )

    def control(self, method: str, path: str, **body: Any) -> requests.Response:
        return self.session.request(
            method, f"{self.server.url}/_sandbox{path}", json=body or None, timeout=10
        )


@pytest.fixture
def http_shop(shopify: ShopifyServer) -> Iterator[HttpShop]:
    with requests.Session() as session:
        session.trust_env = False
        yield HttpShop(shopify, session, f"shop-{next(UNIQUE)}.myshopify.com")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Both servers as processes."""
    with Sandbox.start() as running:
        yield running
