"""What was found wrong, and what was counted on the way."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Findings:
    """`complaints` says what does not hold; counts are of the whole play."""

    complaints: list[str] = field(default_factory=list)
    merchants: int = 0
    """Whose lives are over."""
    requests: int = 0
    runs: int = 0
    """Completed and checked against the shop."""
    orders_checked: int = 0
    lost: int = 0
    twice: int = 0
    older: int = 0
    older_for_now: int = 0
    orders_in_shops: int = 0
    items_in_table: int = 0
    fetches: int = 0
    most_fetches: int = 0

    def complain(self, what: str) -> None:
        self.complaints.append(what)

    def lose(self, user: str, orders: int) -> None:
        self.lost += orders
        if orders:
            self.complain(f"{orders} orders of {user} are neither stored nor in a failed batch")

    def find_twice(self, user: str, items: int) -> None:
        self.twice += items
        if items:
            self.complain(f"{items} items of {user} are duplicates or no orders of the shop")

    def find_older(self, user: str, orders: int, *, for_now: bool) -> None:
        """`for_now`: the next sync has to put it right."""
        if for_now:
            self.older_for_now += orders
            return
        self.older += orders
        if orders:
            self.complain(f"{orders} orders of {user} are stored in an older version")
