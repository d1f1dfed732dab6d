"""How many orders a run was handed, beside how many Shopify counts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What the two numbers say about each other: a closed set."""

    EQUAL = "equal"
    EXPLAINED = "explained"
    """They differ by no more than the orders that changed while the run went on."""
    MISSING = "missing"
    """Shopify counts orders that it never handed over."""
    SURPLUS = "surplus"
    """More were handed over than there are: deleted since, or handed over twice."""
    UNKNOWN = "unknown"
    """Shopify did not count."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`handed_over` counts an order once for each time that it came.

    `counted` is Shopify's count of the run's window at the run's end, `settled` its count of those
    orders in it that did not change since shortly before the run: the run was handed each of them.
    An order that changes meanwhile may come twice, or stand in the window before it comes.
    """

    handed_over: int
    counted: int | None = None
    settled: int | None = None
    """Asked for only where the other two differ."""

    @property
    def verdict(self) -> Verdict:
        if self.counted is None:
            return Verdict.UNKNOWN
        if self.handed_over == self.counted:
            return Verdict.EQUAL
        if self.settled is None:
            return Verdict.UNKNOWN
        if self.handed_over < self.settled:
            return Verdict.MISSING
        changed = max(self.counted - self.settled, 0)
        beyond = self.handed_over > self.counted + changed
        return Verdict.SURPLUS if beyond else Verdict.EXPLAINED

    @property
    def difference(self) -> int:
        """Orders handed over beyond what Shopify counts; negative if some are missing for sure.

        Nought where the count is not known, or the orders that changed explain it.
        """
        match self.verdict:
            case Verdict.MISSING:
                return self.handed_over - (self.settled or 0)
            case Verdict.SURPLUS:
                return self.handed_over - (self.counted or 0)
            case _:
                return 0
