"""Orders as the source hands them over, and what became of storing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from domain.caveats import Caveat

BATCH_SIZE = 25
"""Orders in one write: the most BatchWriteItem takes."""

LARGEST_COST = 1000.0
"""Points that Shopify lets one query cost, on every plan (its usage documentation)."""

Json: TypeAlias = "str | int | float | Decimal | bool | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Order:
    """One order in the canonical schema (Shopify's GraphQL field names), whichever API it is from.

    `fields` belongs to this order alone; nobody changes it after it was handed over.
    """

    order_id: str
    updated_at: datetime
    fields: Mapping[str, Json]
    withheld: tuple[str, ...] = ()
    """Paths of fields about which the source says nothing (`customer.phone`): missing, or null
    where it cannot be told from empty. What is stored of them stays."""


@dataclass(frozen=True, slots=True)
class Window:
    """Orders updated at or after `since` and before `until`; None leaves that end open."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page to fetch: at most `size` orders updated at or after `since`, after `cursor`."""

    size: int
    cursor: str | None
    since: datetime | None
    count: bool
    """Whether to ask, too, how many orders the window holds, and what the app may read."""
    run_began: datetime | None = None
    """When the run began that the page is for: what was prepared before that is too old for it."""
    soon: bool = False
    """Whether the page after it is asked for as soon as the source's rate limit has room."""

    def __post_init__(self) -> None:
        if not 1 <= self.size <= 250:  # noqa: PLR2004 - Shopify's own limit of a connection
            raise ValueError(f"a page holds 1 to 250 orders, not {self.size}")


@dataclass(frozen=True, slots=True)
class OrderPage:
    """The orders of one page; no `next_cursor` means it was the last."""

    orders: tuple[Order, ...]
    next_cursor: str | None
    expected: int | None = None
    """Orders in the whole window, where the source said so."""
    cost: float | None = None
    """What the page cost by the source's own estimate, in its points."""
    cost_limit: float = LARGEST_COST
    """What a page may cost: as much as one query, and no more than the full bucket holds."""
    ready_in: timedelta = timedelta(0)
    """For a page that is to be followed `soon`: how long until the source's rate limit has room for
    the next, which is kept for it. No wait if it is shorter than a message's delay is good for."""
    ascending: bool = True
    """Whether orders come oldest update first, over all pages; else the run goes on to the end."""
    counted: int | None = None
    """Orders in the whole window by Shopify's own count, exactly, made with this very answer."""
    caveats: tuple[Caveat, ...] = ()
    """What a person should know of the page that keeps nobody from storing it."""
    scopes: tuple[str, ...] | None = None
    """What the app may read of the shop, where that is news beside what the shop's tokens say."""
    as_of: datetime | None = None
    """When the source looked, by its own clock, cut to the second; None if it does not say. What
    was updated before is in this page, or in one that was read before or is read after it."""


class OrderFailure(StrEnum):
    """Why one order could not be stored."""

    TOO_LARGE = "too-large"
    INVALID = "invalid"
    THROTTLED = "throttled"
    DATABASE_ERROR = "database-error"

    @property
    def for_good(self) -> bool:
        """Whether the order itself is to blame, so that trying again changes nothing."""
        return self in {OrderFailure.TOO_LARGE, OrderFailure.INVALID}


@dataclass(frozen=True, slots=True)
class FailedOrder:
    """One order that could not be stored; `error` says why without naming its contents."""

    order_id: str
    failure: OrderFailure
    error: str


@dataclass(frozen=True, slots=True)
class StoreReport:
    """What became of a page's orders: each is either saved (unchanged counts) or named here.

    `failed` has one tuple for each batch that had failures, of at most 25 orders.
    """

    saved: int
    failed: tuple[tuple[FailedOrder, ...], ...] = ()

    @property
    def failed_orders(self) -> int:
        return sum(len(batch) for batch in self.failed)
