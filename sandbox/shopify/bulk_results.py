"""The file that a bulk operation makes: never held, served from any byte on.

The orders are walked once to learn where each chunk of them begins; a chunk is then made again
whenever its bytes are asked for, and always comes out the same.
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from threading import Event, Lock, Thread
from typing import Any

import msgspec

from sandbox.shopify.bulk_plan import AS_A_CHILD, Row, Rows
from sandbox.shopify.copies import Copies
from sandbox.shopify.timeline import OrderKey

CHUNK = 50
CHUNKS_KEPT = 32
A_TURN = 0.2
A_BREATH = 0.01

Walk = Callable[[OrderKey | None], Iterator[OrderKey]]
"""The orders, from that one on."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the file is made of, and whether children follow their parents."""

    walk: Walk
    make: Callable[[OrderKey], Mapping[str, Any]]
    rows: Rows
    grouped: bool
    copies: Copies | None = None
    """Where orders repeat."""

    def text(self, keys: list[OrderKey]) -> tuple[bytes, int]:
        """The lines of those orders, and how many they are."""
        if self.copies is not None and self.grouped:
            filled = [self.copies.lines(key) for key in keys]
            return b"".join(text for text, _ in filled), sum(number for _, number in filled)
        rows = [row for key in keys for row in self.rows.of(self.make(key))]
        if not self.grouped:
            rows = _scattered(rows)
        return b"".join(msgspec.json.encode(row) + b"\n" for row in rows), len(rows)


class ResultFile:
    """A file of JSON lines. Safe to read from many threads."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._left = recipe.walk(None)
        self._firsts: list[OrderKey] = []
        self._offsets: list[int] = []
        self._lock = Lock()
        self._chunk = lru_cache(maxsize=CHUNKS_KEPT)(self._made)
        self.size = 0
        self.orders = 0
        self.objects = 0
        self.whole = False
        self.is_going_on = False

    def advance(self, seconds: float) -> bool:
        """Go on making it for about so long; whether it is whole."""
        until = time.monotonic() + seconds
        with self._lock:
            while not self.whole and time.monotonic() < until:
                self._one_more_chunk()
            return self.whole

    def go_on_by_itself(self, ending: Event) -> None:
        """Be made to the end in the background, until `ending` is set."""

        def make() -> None:
            while not ending.is_set() and not self.advance(A_TURN):
                ending.wait(A_BREATH)

        if not self.is_going_on:
            self.is_going_on = True
            Thread(target=make, daemon=True).start()

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, piece by piece."""
        number = bisect_right(self._offsets, start) - 1
        while start < end:
            text = self._chunk(number)
            base = self._offsets[number]
            yield text[start - base : end - base]
            number, start = number + 1, base + len(text)

    def _one_more_chunk(self) -> None:
        keys = list(islice(self._left, CHUNK))
        if not keys:
            self.whole = True
            return
        text, objects = self._recipe.text(keys)
        self._firsts.append(keys[0])
        self._offsets.append(self.size)
        self.size += len(text)
        self.orders += len(keys)
        self.objects += objects

    def _made(self, number: int) -> bytes:
        keys = list(islice(self._recipe.walk(self._firsts[number]), CHUNK))
        return self._recipe.text(keys)[0]


def _scattered(rows: list[Row]) -> list[Row]:
    """Children anywhere: here before, after and far from their parents."""
    children = [row for row in rows if AS_A_CHILD in row]
    half = len(children) // 2
    roots = [row for row in rows if AS_A_CHILD not in row]
    return [*reversed(children[:half]), *roots, *children[half:]]
