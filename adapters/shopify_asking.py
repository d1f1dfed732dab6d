"""GraphQL questions, and what each is known to cost before it is asked."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias

from domain.orders import LARGEST_COST, Json


@dataclass(frozen=True, slots=True)
class Question:
    """A GraphQL document with its variables; `at_most` is what it may cost while nobody knows."""

    document: str
    variables: Mapping[str, Json]
    at_most: float = LARGEST_COST

    @property
    def place(self) -> Hashable:
        """The same for the same question, whichever chain and delivery asks it."""
        given = (each for each in self.variables.items() if not isinstance(each[1], list | dict))
        return hash(self.document), *sorted((name, str(value)) for name, value in given)


_Kind: TypeAlias = "tuple[str, tuple[tuple[str, Json], ...]]"


class AskedCosts:
    """What Shopify has asked for questions of each kind, in any shop: it depends on nothing else.

    A kind is a document with its numbers and switches: how many of what are asked for.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[_Kind, float] = {}

    def of(self, question: Question) -> float:
        """The points that the bucket has to hold, as they were the last time."""
        with self._lock:
            return self._known.get(_kind(question), question.at_most)

    def learn(self, question: Question, requested: float | None) -> None:
        if requested is not None:
            with self._lock:
                self._known[_kind(question)] = requested


def _kind(question: Question) -> _Kind:
    numbers = (each for each in question.variables.items() if isinstance(each[1], int | float))
    return question.document, tuple(sorted(numbers))
