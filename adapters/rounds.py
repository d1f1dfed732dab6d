"""Things in hand that another thread goes round: nobody lets go of a thing being worked on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class Rounds(Generic[T]):
    """A collection of things by identity. Thread-safe."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._things: dict[int, T] = {}
        self._touched: set[int] = set()

    @contextmanager
    def hold(self, thing: T) -> Iterator[T]:
        """The thing is in hand until the context ends; then nobody touches it any more."""
        key = id(thing)
        with self._condition:
            self._things[key] = thing
        try:
            yield thing
        finally:
            with self._condition:
                del self._things[key]
                self._condition.wait_for(lambda: key not in self._touched)

    def all(self) -> tuple[T, ...]:
        """What is in hand now."""
        with self._condition:
            return tuple(self._things.values())

    @contextmanager
    def touching(self, things: Iterable[T]) -> Iterator[tuple[T, ...]]:
        """Those of the things that are still in hand; they stay until the context ends."""
        with self._condition:
            found = {id(thing): thing for thing in things if id(thing) in self._things}
            self._touched |= found.keys()
        try:
            yield tuple(found.values())
        finally:
            with self._condition:
                self._touched -= found.keys()
                self._condition.notify_all()
