"""REST answers to build, and a Shopify that gives them one after another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import responses

from domain.orders import OrderPage, PageRequest
from tests.shopify import ADMIN, JSON, SHOP, Bench, a_connected_shop

ORDERS = f"{ADMIN}/orders.json"
COUNT = f"{ADMIN}/orders/count.json"
SCOPES = f"https://{SHOP}/admin/oauth/access_scopes.json"
BEGUN = {"status": "any", "order": "updated_at asc", "limit": "250"}
"""What is asked for where a run begins."""


def at(minute: int) -> str:
    return f"2026-11-01T10:{minute:02d}:00Z"


def ids(page: OrderPage) -> list[str]:
    return [order.order_id for order in page.orders]


def a_rest_order(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An order as REST gives it: as much of it as the adapter cannot do without."""
    return {
        "id": number,
        "updated_at": "2026-11-01T06:00:00-04:00",
        "line_items": [],
        **changes,
    }


def orders(*nodes: Any) -> dict[str, Any]:
    return {"orders": list(nodes)}


def to_next(page_info: str, url: str = ORDERS) -> str:
    return f'<{url}?limit=250&page_info={page_info}>; rel="next"'


class CannedRest:
    """Gives the answers in turn, the last one for ever."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock

    def answers(self, body: Any, *, url: str = ORDERS, **headers: str) -> None:
        self.refuses(200, body, url=url, **headers)

    def refuses(self, status: int, body: Any = "", *, url: str = ORDERS, **headers: str) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.mock.get(url, status=status, body=text, content_type=JSON, headers=named)

    @property
    def asked(self) -> list[dict[str, str]]:
        """The parameters of each request, but for `fields`."""
        queries = [dict(parse_qsl(urlsplit(str(c.request.url)).query)) for c in self.mock.calls]
        return [{k: v for k, v in query.items() if k != "fields"} for query in queries]


@contextmanager
def canned_rest() -> Iterator[CannedRest]:
    with responses.RequestsMock() as mock:
        yield CannedRest(mock)


def rest_page(bench: Bench, cursor: str | None = None, size: int = 250, **more: Any) -> OrderPage:
    request = PageRequest(
        size,
        cursor,
        more.get("since"),
        count=more.get("count", False),
        run_began=more.get("began"),
        soon=more.get("soon", False),
    )
    return bench.rest_source.fetch_page(a_connected_shop(), request)
