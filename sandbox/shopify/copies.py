"""Lines of a bulk operation's file for shops whose orders repeat: written once, then filled in.

Making a million orders takes half an hour, filling in a minute. What comes out is, byte for byte,
what making each of them would give.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import msgspec

from sandbox.shopify.bulk_plan import Rows
from sandbox.shopify.order_maker import FIRST_NUMBER, UNTIL_CANCELLED, instant
from sandbox.shopify.timeline import OrderKey

A_NUMBER = 8_888_888_888_000
"""Stands for an order's id; ids of what is in it are up to 999 above it (no order made has it)."""
A_CREATION, AN_UPDATE = 1_234_567_890, 1_345_678_901
FAR_BEYOND = 8_000_000
"""An index beyond so many rounds gives an order a number that nothing else in it looks like."""
TIMES = rb'"(?P<created>%b)"|"(?P<cancelled>%b)"|"(?P<updated>%b)"' % (
    instant(A_CREATION).encode(),
    instant(A_CREATION + UNTIL_CANCELLED).encode(),
    instant(AN_UPDATE).encode(),
)
Fill = Callable[[OrderKey], bytes]


@dataclass(frozen=True, slots=True)
class Pattern:
    """The lines of one kind of order, and what goes between their pieces."""

    pieces: tuple[bytes, ...]
    blanks: tuple[Fill, ...]
    objects: int

    @classmethod
    def of(cls, text: bytes, objects: int, number: int) -> "Pattern":
        """Of the lines of an order that was made under the values above and that number."""
        own = re.compile(rb"(?P<id>8888888888\d{3})|%b|(?P<number>\b%d\b)" % (TIMES, number))
        pieces, blanks, end = [], [], 0
        for found in own.finditer(text):
            pieces.append(text[end : found.start()])
            blanks.append(_blank(found))
            end = found.end()
        return cls((*pieces, text[end:]), tuple(blanks), objects)

    def filled(self, key: OrderKey) -> bytes:
        parts = [self.pieces[0]]
        for fill, piece in zip(self.blanks, self.pieces[1:], strict=True):
            parts += (fill(key), piece)
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Copies:
    """The lines of any order of a shop that has `kinds` different ones."""

    kinds: int
    make: Callable[[OrderKey], Mapping[str, Any]]
    rows: Rows
    _pattern: Callable[[OrderKey], Pattern] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pattern", lru_cache(maxsize=self.kinds)(self._made))

    def lines(self, key: OrderKey) -> tuple[bytes, int]:
        """The order's lines, and how many they are."""
        own = replace(
            key,
            index=FAR_BEYOND * self.kinds + key.index % self.kinds,
            id=A_NUMBER,
            created=A_CREATION,
            updated=AN_UPDATE,
        )
        pattern = self._pattern(own)
        return pattern.filled(key), pattern.objects

    def _made(self, key: OrderKey) -> Pattern:
        rows = list(self.rows.of(self.make(key)))
        text = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
        return Pattern.of(text, len(rows), FIRST_NUMBER + key.index)


def _blank(found: re.Match[bytes]) -> Fill:
    match found.lastgroup:
        case "id":
            beyond = int(found["id"]) - A_NUMBER
            return lambda key: b"%d" % (key.id + beyond)
        case "created":
            return lambda key: b'"%b"' % instant(key.created).encode()
        case "cancelled":
            return lambda key: b'"%b"' % instant(key.created + UNTIL_CANCELLED).encode()
        case "updated":
            return lambda key: b'"%b"' % instant(key.updated).encode()
        case _:
            return lambda key: b"%d" % (FIRST_NUMBER + key.index)
