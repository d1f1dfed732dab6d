"""A checkpoint as an item of the checkpoints table, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from adapters.attribute_values import Item
from adapters.dynamodb_doubts import doubts, stored_caveats, stored_comparison
from adapters.dynamodb_items import StoredItem, as_instant, as_number, as_text, as_texts
from domain.checkpoints import (
    Chain,
    Checkpoint,
    LeaseMark,
    RunStatus,
    SourceName,
    Totals,
)
from domain.failures import LastError, Reason
from domain.messages import RunKey

OPTIONAL = (
    "asOf",
    "caveats",
    "comparison",
    "completedAt",
    "cursor",
    "lastError",
    "leaseOwner",
    "leaseUntil",
    "openKind",
    "openSince",
    "pageSize",
    "shop",
    "tailUntil",
    "totalExpected",
    "updatedSince",
    "waitingFor",
)
"""Attributes that an item only has while the checkpoint has a value for them."""

OPEN_RUN = "run"
"""The partition of the open-work index that holds running runs."""

_Choice = TypeVar("_Choice", bound=StrEnum)


def item_key(key: RunKey) -> Item:
    return {"userId": as_text(key.user_id), "syncType": as_text(key.sync_type)}


def seconds(moment: datetime) -> int:
    """Whole seconds since the epoch: what DynamoDB's TTL compares."""
    return math.floor(moment.timestamp())


def attributes(run: Checkpoint, ttl: timedelta, revision: str) -> Item:
    """Everything but the key; what is None is absent."""
    return {
        "runId": as_text(run.run_id),
        "status": as_text(run.status),
        "page": as_number(run.page),
        "source": as_text(run.source),
        "startedAt": as_instant(run.started_at),
        "updatedAt": as_instant(run.updated_at),
        "dueAt": as_instant(run.due_at),
        "attempts": as_number(run.attempts),
        "takeovers": as_number(run.takeovers),
        "revision": as_text(revision),
        "expiresAt": as_number(seconds(run.updated_at + ttl)),
        **_chain_attributes(run.chain),
        **_totals_attributes(run.totals),
        **_optional_attributes(run),
        **doubts(run.caveats, run.comparison),
    }


def _chain_attributes(chain: Chain) -> Item:
    return {
        "chainId": as_text(chain.chain_id),
        "requestId": as_text(chain.request_id),
        "requestPage": as_number(chain.request_page),
        "publishedPage": as_number(chain.published_page),
        "earlierRequests": as_texts(chain.earlier_requests),
    }


def _totals_attributes(totals: Totals) -> Item:
    item: Item = {
        "totalSaved": as_number(totals.saved),
        "totalFailed": as_number(totals.failed),
        "failedPages": as_number(totals.failed_pages),
    }
    if totals.expected is not None:
        item["totalExpected"] = as_number(totals.expected)
    return item


def _optional_attributes(run: Checkpoint) -> Item:
    moments = {
        "asOf": run.as_of,
        "completedAt": run.completed_at,
        "tailUntil": run.tail_until,
        "updatedSince": run.since,
        "leaseUntil": run.lease.until if run.lease else None,
        "openSince": run.due_at if run.status is RunStatus.RUNNING else None,
    }
    words = {
        "cursor": run.cursor,
        "shop": run.shop,
        "waitingFor": run.waiting_for,
        "leaseOwner": run.lease.owner if run.lease else None,
        "openKind": OPEN_RUN if run.status is RunStatus.RUNNING else None,
    }
    item: Item = {name: as_instant(value) for name, value in moments.items() if value is not None}
    item.update({name: as_text(value) for name, value in words.items() if value is not None})
    if run.page_size is not None:
        item["pageSize"] = as_number(run.page_size)
    if run.last_error is not None:
        item["lastError"] = {
            "M": {
                "reason": as_text(run.last_error.reason),
                "message": as_text(run.last_error.message),
                "at": as_instant(run.last_error_at or run.updated_at),
            }
        }
    return item


def expired(item: Mapping[str, Any], now: datetime) -> bool:
    """Whether its time is over; DynamoDB deletes such items only hours or days later."""
    stored = StoredItem("a checkpoint", item)
    return stored.has("expiresAt") and stored.number("expiresAt") <= seconds(now)


def checkpoint(key: RunKey, item: Mapping[str, Any]) -> Checkpoint:
    """The checkpoint that is stored; raises `Permanent` if somebody made it unreadable."""
    stored = StoredItem(f"the {key.sync_type} checkpoint of user {key.user_id}", item)
    error, error_at = _last_error(stored)
    return Checkpoint(
        key=key,
        run_id=stored.text("runId"),
        chain=_chain(stored),
        started_at=stored.instant("startedAt"),
        updated_at=stored.instant("updatedAt"),
        due_at=stored.instant("dueAt"),
        source=_choice(stored, "source", SourceName),
        status=_choice(stored, "status", RunStatus),
        page=stored.number("page"),
        cursor=stored.optional_text("cursor"),
        totals=_totals(stored),
        since=stored.optional_instant("updatedSince"),
        tail_until=stored.optional_instant("tailUntil"),
        page_size=stored.optional_number("pageSize"),
        shop=stored.optional_text("shop"),
        attempts=stored.number("attempts", default=0),
        takeovers=stored.number("takeovers", default=0),
        lease=_lease(stored),
        last_error=error,
        last_error_at=error_at,
        completed_at=stored.optional_instant("completedAt"),
        waiting_for=stored.optional_text("waitingFor"),
        caveats=stored_caveats(stored),
        comparison=stored_comparison(stored),
        as_of=stored.optional_instant("asOf"),
        revision=stored.optional_text("revision") or "",
    )


def _chain(stored: StoredItem) -> Chain:
    return Chain(
        chain_id=stored.text("chainId"),
        request_id=stored.text("requestId"),
        request_page=stored.number("requestPage"),
        published_page=stored.number("publishedPage"),
        earlier_requests=stored.texts("earlierRequests") if stored.has("earlierRequests") else (),
    )


def _totals(stored: StoredItem) -> Totals:
    return Totals(
        saved=stored.number("totalSaved"),
        failed=stored.number("totalFailed"),
        failed_pages=stored.number("failedPages"),
        expected=stored.optional_number("totalExpected"),
    )


def _lease(stored: StoredItem) -> LeaseMark | None:
    if not stored.has("leaseOwner"):
        return None
    return LeaseMark(stored.text("leaseOwner"), stored.instant("leaseUntil"))


def _last_error(stored: StoredItem) -> tuple[LastError | None, datetime | None]:
    if not stored.has("lastError"):
        return None, None
    error = stored.nested("lastError")
    return (
        LastError(_choice(error, "reason", Reason), error.text("message")),
        error.instant("at"),
    )


def _choice(stored: StoredItem, name: str, choices: type[_Choice]) -> _Choice:
    try:
        return choices(stored.text(name))
    except ValueError:
        raise stored.unreadable(name) from None
