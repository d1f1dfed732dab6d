"""Shopify as tests see it: answers to build, and the source of orders that reads them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from adapters.pacer import Pacer
from adapters.retrying import Retrying
from adapters.shopify_answers import answer_in
from adapters.shopify_client import ShopifyClient
from adapters.shopify_graphql import ShopifyGraphqlOrders
from adapters.shopify_rest import ShopifyRestOrders
from adapters.shopify_rest_client import ShopifyRestClient
from adapters.shopify_session import shopify_session
from adapters.shopify_transport import RawAnswer, ShopifyApi, ShopifyTransport
from domain.checkpoints import SourceName
from domain.failures import Failure, RateLimited
from domain.personal_data import CustomerData
from domain.ports import Chance, Clock
from domain.shops import ConnectedShop, Tokens
from tests.fakes.clock import FakeClock
from tests.fakes.observer import FakeObserver
from tests.fakes.pause import FakePause

SHOP = "demo-shop.myshopify.com"
TOKEN = "shpat_0123456789abcdef"
VERSION = "2026-10"
ADMIN = f"https://{SHOP}/admin/api/{VERSION}"
ENDPOINT = f"{ADMIN}/graphql.json"
JSON = "application/json; charset=utf-8"
LAST: dict[str, Any] = {"hasNextPage": False, "endCursor": None}


def a_connected_shop(shop: str = SHOP, token: str = TOKEN) -> ConnectedShop:
    return ConnectedShop("user-1", shop, Tokens(token))


class Evenly(Chance):
    """Always the middle: no jitter."""

    def uniform(self) -> float:
        return 0.5

    def new_id(self) -> str:
        return "the only one"


@dataclass(frozen=True, slots=True)
class Bench:
    """A source of orders with everything around it that a test looks at."""

    url: str = "https://{shop}"
    customer_data: CustomerData = "minimal"
    retries: int = 3
    timeout: float = 30
    clock: Clock = field(default_factory=FakeClock)
    pause: FakePause = field(default_factory=FakePause)
    observer: FakeObserver = field(default_factory=FakeObserver)
    session: requests.Session = field(default_factory=lambda: shopify_session(2))
    pacer: Pacer = field(init=False)

    def __post_init__(self) -> None:
        """Waits move the clock, if it is one that moves only then."""
        if isinstance(self.clock, FakeClock):
            self.pause.on_wait = self.clock.advance
        object.__setattr__(self, "pacer", Pacer(self.clock, self.pause))

    @property
    def transport(self) -> ShopifyTransport:
        return ShopifyTransport(
            ShopifyApi(self.url, VERSION, self.timeout), self.session, self.clock
        )

    @property
    def source(self) -> ShopifyGraphqlOrders:
        attempts = Retrying(self.retries, self.pause, Evenly(), self.observer)
        client = ShopifyClient(self.transport, attempts, self.observer, self.pacer)
        return ShopifyGraphqlOrders(client, self.customer_data)

    @property
    def rest_source(self) -> ShopifyRestOrders:
        attempts = Retrying(
            self.retries, self.pause, Evenly(), self.observer, source=SourceName.REST
        )
        client = ShopifyRestClient(self.transport, attempts, self.observer, self.pacer)
        return ShopifyRestOrders(client, self.customer_data)


def connection(*nodes: Any, more_after: str | None = None) -> dict[str, Any]:
    info = LAST if more_after is None else {"hasNextPage": True, "endCursor": more_after}
    return {"nodes": list(nodes), "pageInfo": dict(info)}


def a_node(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An order as GraphQL gives it: as much of it as the adapter looks at."""
    return {
        "id": f"gid://shopify/Order/{number}",
        "legacyResourceId": str(number),
        "updatedAt": "2026-11-01T10:00:00Z",
        "customer": {"id": "gid://shopify/Customer/7"},
        "lineItems": connection({"id": "gid://shopify/LineItem/1"}),
        "shippingLines": connection(),
        **changes,
    }


def cost(
    requested: float | None = 600,
    available: float = 1400,
    restore: float = 100,
    actual: float | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The `extensions` of an answer: what it cost and what is left."""
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": restore}
    costs = {"requestedQueryCost": requested, "actualQueryCost": actual}
    return {"cost": {**costs, "throttleStatus": {**status, **more}}}


def a_page_of(*nodes: Any, more_after: str | None = None, **more: Any) -> dict[str, Any]:
    return {"data": {"orders": connection(*nodes, more_after=more_after), **more}}


def an_error(code: str | None = None, *path: str | int, **extensions: Any) -> dict[str, Any]:
    error: dict[str, Any] = {"message": f"about {code}"}
    if code is not None:
        error["extensions"] = {"code": code, **extensions}
    return {**error, "path": list(path)} if path else error


def raw(body: Any, status: int = 200, **headers: str) -> RawAnswer:
    """An answer as it comes from the network; a str or bytes is no JSON of ours."""
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return RawAnswer(
        status,
        requests.structures.CaseInsensitiveDict({"Content-Type": JSON, **named}),
        content.encode() if isinstance(content, str) else content,
    )


def failure(answer: RawAnswer) -> Failure:
    """What the answer stands for."""
    with pytest.raises(Failure) as raised:
        answer_in(answer)
    return raised.value


def wait(answer: RawAnswer) -> float:
    """The seconds that the answer, a rate limit, asks for."""
    with pytest.raises(RateLimited) as raised:
        answer_in(answer)
    return raised.value.wait.total_seconds()
