"""Stores whose calls fail before they take effect, or after: then the answer is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tests.dynamodb import Wire

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")


class Trouble(Protocol):
    """What goes wrong. A fake that is `Faulty` is its own trouble."""

    def fail_next(self) -> None:
        """The next call fails and has no effect."""

    def lose_next_answer(self) -> None:
        """The next write takes effect, and its caller never knows."""


@dataclass(frozen=True, slots=True)
class OnTheWire(Trouble):
    """Between a client that does not retry and DynamoDB."""

    wire: Wire

    def fail_next(self) -> None:
        self.wire.fail_next()

    def lose_next_answer(self) -> None:
        self.wire.lose_next_answer(*WRITES)
