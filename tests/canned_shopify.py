"""A Shopify that gives canned answers, one after another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import responses

from domain.orders import Order, OrderPage, PageRequest
from tests.shopify import ENDPOINT, JSON, Bench, a_connected_shop

FIRST_PAGE = PageRequest(size=250, cursor=None, since=None, count=False)


class CannedShopify:
    """Gives the answers in turn, the last one for ever."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock

    def answers(self, *bodies: Any, **headers: str) -> None:
        """Answer with these; a str is sent as it is."""
        for body in bodies:
            self.refuses(200, body, **headers)

    def refuses(self, status: int, body: Any = "", **headers: str) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.mock.post(ENDPOINT, status=status, body=text, content_type=JSON, headers=named)

    @property
    def asked(self) -> list[Any]:
        """The variables of each request."""
        return [json.loads(call.request.body or "")["variables"] for call in self.mock.calls]


@contextmanager
def canned_shopify() -> Iterator[CannedShopify]:
    with responses.RequestsMock() as mock:
        yield CannedShopify(mock)


def fetch(bench: Bench, request: PageRequest = FIRST_PAGE) -> OrderPage:
    return bench.source.fetch_page(a_connected_shop(), request)


def fetch_orders(bench: Bench, *ids: str) -> tuple[Order, ...]:
    return bench.source.fetch_orders(a_connected_shop(), ids)
