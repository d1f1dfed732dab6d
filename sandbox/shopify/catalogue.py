"""The orders of one shop in any of three orders, and what has been written to them since.

Original orders are found by bisection over arithmetic; touched, created and deleted ones are kept
in an overlay. Safe to use from many threads: readers look at a snapshot that never changes.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from functools import partial
from heapq import merge
from threading import Lock

from sandbox.shopify.search import END_OF_TIME, Search
from sandbox.shopify.shops import Shop
from sandbox.shopify.timeline import OrderKey, Timeline

Place = tuple[int, int]
START: Place = (-END_OF_TIME, 0)
END: Place = (END_OF_TIME, 0)
SIXTY_DAYS = 60 * 86_400


class SortBy(Enum):
    """What orders are sorted by (ties by id): the attribute of the key, and if it is a time."""

    UPDATED_AT = ("updated", True)
    CREATED_AT = ("created", True)
    ID = ("id", False)

    def __init__(self, attribute: str, is_time: bool) -> None:  # noqa: FBT001 - an enum's value
        self.attribute = attribute
        self.is_time = is_time

    def place(self, key: OrderKey) -> Place:
        return getattr(key, self.attribute), key.id


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the sorted orders: from `low` on, up to but without `high`."""

    by: SortBy
    low: Place = START
    high: Place = END

    @classmethod
    def of(cls, by: SortBy, search: Search) -> "Stretch":
        """The stretch that the search's span of this sort key leaves."""
        span = search.spans.get(by.attribute)
        return cls(by) if span is None else cls(by, (span.low, 0), (span.high, 0))

    def after(self, place: Place) -> "Stretch":
        return replace(self, low=max(self.low, (place[0], place[1] + 1)))

    def before(self, place: Place) -> "Stretch":
        return replace(self, high=min(self.high, place))


@dataclass(frozen=True, slots=True)
class _Snapshot:
    moved: tuple[int, ...]
    sorted_by: dict[SortBy, tuple[OrderKey, ...]]


class Catalogue:
    """The orders of one shop, as an app finds them that may see all or the last 60 days' only.

    They are found by an index, which may lag: then it shows which orders there were, and where
    they stood, when it began to. What an order is like is always as it is now.
    """

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._timeline = Timeline(shop)
        self._changed: dict[int, OrderKey] = {}
        self._moved: list[int] = []
        self._next = shop.orders
        self.writes = 0
        """How often anything was written: what was read before is as it was until it grows."""
        self._lock = Lock()
        self._snapshot: _Snapshot | None = _Snapshot((), dict.fromkeys(SortBy, ()))
        self._index: _Snapshot | None = None
        self._hidden: frozenset[int] = frozenset()
        seen_until = int(shop.last_update.timestamp()) - SIXTY_DAYS
        self._seen_from = -END_OF_TIME if "read_all_orders" in shop.scopes else seen_until

    def lag(self) -> None:
        """From now on the index shows nothing that happens."""
        self._index = self._now()

    def catch_up(self) -> None:
        """The index shows everything again."""
        self._index = None

    def hide(self, *indexes: int) -> None:
        """From now on these orders are counted, and no list shows them."""
        self._hidden = frozenset(indexes)

    def current(self, key: OrderKey) -> OrderKey:
        """The order that the index found, as it is by now; one that is gone as it was found."""
        return self.by_index(key.index) or key

    def touch(self, index: int, at: datetime) -> OrderKey:
        """Change an order at that time: its update time, a tag and its note. KeyError if gone."""
        with self._lock:
            key = self._key(index)
            if key is None:
                raise KeyError(index)
            key = replace(key, updated=int(at.timestamp()), version=key.version + 1)
            self._write(index, key)
            return key

    def create(self, at: datetime) -> OrderKey:
        """A new order, made at that time."""
        with self._lock:
            index, self._next = self._next, self._next + 1
            seconds = int(at.timestamp())
            key = replace(self._timeline.key(index), created=seconds, updated=seconds)
            self._write(index, key)
            return key

    def delete(self, index: int) -> None:
        """Let an order vanish, as Shopify does: without a trace. KeyError if it is gone."""
        with self._lock:
            if self._key(index) is None:
                raise KeyError(index)
            self._write(index, None)

    def by_index(self, index: int) -> OrderKey | None:
        with self._lock:
            return self._key(index)

    def by_id(self, order_id: int) -> OrderKey | None:
        index = self._timeline.index_of(order_id)
        return None if index is None else self.by_index(index)

    def newest_update(self) -> int:
        """Epoch seconds of the last update of any order; 0 in an empty shop."""
        return next((key.updated for key in self.backwards(Stretch(SortBy.UPDATED_AT))), 0)

    def forwards(self, stretch: Stretch) -> Iterator[OrderKey]:
        """The orders of the stretch, ascending."""
        return self._forwards(self._now(), stretch)

    def as_it_is(self) -> Callable[[Stretch], Iterator[OrderKey]]:
        """What gives the orders of a stretch, ascending, as they are now for ever after."""
        return partial(self._forwards, self._now())

    def _forwards(self, now: _Snapshot, stretch: Stretch) -> Iterator[OrderKey]:
        place = stretch.by.place
        low, high = self._original(stretch)
        original = (self._timeline.key(i) for i in range(low, high) if not _holds(now.moved, i))
        return self._seen(merge(original, _part(now, stretch), key=place))

    def backwards(self, stretch: Stretch) -> Iterator[OrderKey]:
        """The orders of the stretch, descending."""
        now, place = self._now(), stretch.by.place
        low, high = self._original(stretch)
        original = (
            self._timeline.key(i) for i in range(high - 1, low - 1, -1) if not _holds(now.moved, i)
        )
        return self._seen(merge(original, reversed(_part(now, stretch)), key=place, reverse=True))

    def _seen(self, keys: Iterator[OrderKey]) -> Iterator[OrderKey]:
        if self._seen_from == -END_OF_TIME and not self._hidden:
            return keys
        return (
            key for key in keys if key.created >= self._seen_from and key.index not in self._hidden
        )

    def count(self, stretch: Stretch) -> int:
        """How many orders the stretch holds, without looking at each of them."""
        if self._seen_from != -END_OF_TIME:
            return sum(1 for _ in self.forwards(stretch))
        now = self._now()
        low, high = self._original(stretch)
        moved = bisect_left(now.moved, high) - bisect_left(now.moved, low)
        return high - low - moved + len(_part(now, stretch))

    def _original(self, stretch: Stretch) -> tuple[int, int]:
        find = _finder(self._timeline, stretch.by)
        low = find(stretch.low)
        return low, max(low, find(stretch.high))

    def _key(self, index: int) -> OrderKey | None:
        if index in self._changed:
            return self._changed[index]
        gone = _holds(self._moved, index) or not 0 <= index < self.shop.orders
        return None if gone else self._timeline.key(index)

    def _write(self, index: int, key: OrderKey | None) -> None:
        self._snapshot = None
        self.writes += 1
        if not _holds(self._moved, index):
            insort(self._moved, index)
        if key is None:
            self._changed.pop(index, None)
        else:
            self._changed[index] = key

    def _now(self) -> _Snapshot:
        with self._lock:
            if self._index is not None:
                return self._index
            if self._snapshot is None:
                keys = self._changed.values()
                ordered = {by: tuple(sorted(keys, key=by.place)) for by in SortBy}
                self._snapshot = _Snapshot(tuple(self._moved), ordered)
            return self._snapshot


def _finder(timeline: Timeline, by: SortBy) -> Callable[[Place], int]:
    value: dict[SortBy, Callable[[int], int]] = {
        SortBy.UPDATED_AT: timeline.updated,
        SortBy.CREATED_AT: timeline.created,
        SortBy.ID: timeline.id,
    }
    of = value[by]
    indexes = range(timeline.orders)
    return lambda place: bisect_left(indexes, place, key=lambda i: (of(i), timeline.id(i)))


def _part(now: _Snapshot, stretch: Stretch) -> tuple[OrderKey, ...]:
    keys, place = now.sorted_by[stretch.by], stretch.by.place
    low = bisect_left(keys, stretch.low, key=place)
    return keys[low : bisect_left(keys, stretch.high, key=place)]


def _holds(ordered: tuple[int, ...] | list[int], index: int) -> bool:
    at = bisect_left(ordered, index)
    return at < len(ordered) and ordered[at] == index
