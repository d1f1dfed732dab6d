"""Values with defaults, so that a test names only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.checkpoints import Chain, Checkpoint, LeaseMark, SourceName
from domain.messages import Continuation, RunKey, SyncRequest, SyncType
from domain.orders import Order, OrderPage
from domain.policy import RunPolicy
from domain.shops import ConnectedShop, Tokens

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
USER = "user-1"
SHOP = "demo-shop.myshopify.com"
KEY = RunKey(USER, SyncType.MANUAL)
GRACE = timedelta(seconds=300)
VISIBILITY = timedelta(seconds=120)


def a_chain(**changes: Any) -> Chain:
    return replace(Chain("chain-1", "request-1", request_page=1, published_page=1), **changes)


def a_run(**changes: Any) -> Checkpoint:
    """A running run at page 1, due now, with nobody at work on it."""
    return replace(
        Checkpoint(
            key=KEY,
            run_id="run-1",
            chain=a_chain(),
            started_at=NOW,
            updated_at=NOW,
            due_at=NOW,
            source=SourceName.GRAPHQL,
        ),
        **changes,
    )


def a_lease(until: datetime = NOW + VISIBILITY, owner: str = "somebody") -> LeaseMark:
    return LeaseMark(owner, until)


def a_request(request_id: str = "request-1", key: RunKey = KEY, **changes: Any) -> SyncRequest:
    return replace(SyncRequest(key, request_id), **changes)


def a_continuation(page: int = 1, chain_id: str = "chain-1", key: RunKey = KEY) -> Continuation:
    return Continuation(key, chain_id, page)


def a_shop(user_id: str = USER, shop: str = SHOP, token: str = "shpat_test") -> ConnectedShop:
    return ConnectedShop(user_id, shop, Tokens(token))


def an_order(number: int, updated_at: datetime = NOW, **fields: Any) -> Order:
    return Order(str(number), updated_at, {"name": f"#{number}", **fields})


def orders(count: int, start: datetime = NOW - timedelta(days=30)) -> tuple[Order, ...]:
    """So many orders, a second apart."""
    return tuple(an_order(n + 1, start + timedelta(seconds=n)) for n in range(count))


def a_page(
    *of: Order, next_cursor: str | None = None, expected: int | None = None, **more: Any
) -> OrderPage:
    return OrderPage(of, next_cursor, expected, **more)


def a_policy(**changes: Any) -> RunPolicy:
    delay = timedelta(seconds=120)
    return replace(
        RunPolicy(
            page_size=250,
            page_delays=dict.fromkeys(SyncType, delay),
            sources=dict.fromkeys(SyncType, SourceName.GRAPHQL),
            visibility=VISIBILITY,
            stall_grace=GRACE,
            max_attempts=3,
            daily_overlap=timedelta(seconds=900),
        ),
        **changes,
    )
