"""Dead letters: which had to be, and which had not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.aws import DeadLetter

TOO_LARGE = "DynamoDB takes 409600"
"""Some shop has an order that no worker can store: chaos or not, it belongs in a failed batch."""


@dataclass(slots=True)
class Letters:
    """Counts by reason, and what is not explained by an order above DynamoDB's limit.

    `orders` are named in failed batches.
    """

    orders: int
    by_reason: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls, letters: Iterable[DeadLetter], kept: Mapping[tuple[str, str], Mapping[str, Any]]
    ) -> Letters:
        """`kept` are the failed batches by user and id."""
        named = {(user, order) for (user, _), batch in kept.items() for order in batch["orderIds"]}
        found = cls(len(named))
        for letter in letters:
            asked = letter.message
            batch = kept.get((asked.get("userId", ""), asked.get("batchId", "")), {})
            found.by_reason[letter.reason] += 1
            if letter.reason != "failed-batch" or TOO_LARGE not in batch.get("error", ""):
                found.complaints.append(f"dead letter {letter.reason}: {asked}")
        return found

    def __str__(self) -> str:
        if not self.by_reason:
            return "0"
        each = ", ".join(f"{times} {reason}" for reason, times in self.by_reason.items())
        if self.complaints:
            return f"{each} ({len(self.complaints)} unexplained)"
        return f"{each} (each for an order of more than 400 KB, named in a failed batch)"
