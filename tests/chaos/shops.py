"""The simulated shops: what is in them is known here without asking a worker."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from sandbox.shopify.catalogue import Catalogue, SortBy, Stretch
from sandbox.shopify.shops import Plan, Shop


@dataclass(slots=True)
class SimulatedShop:
    """A shop in the sandbox. `versions` is the truth: each order's id and its update time."""

    root: str
    shop: Shop
    versions: dict[str, datetime]
    touches: int = 0

    @classmethod
    def opened(cls, root: str, shop: Shop) -> SimulatedShop:
        """Declare it to the simulated Shopify; its orders are older than a day."""
        yesterday = datetime.fromtimestamp(int(time.time()), UTC) - timedelta(days=1)
        shop = replace(shop, plan=Plan.PLUS, last_update=yesterday)
        opened = cls(root, shop, _versions(shop))
        opened._declare(shop.orders)
        return opened

    def touch(self, indexes: list[int]) -> None:
        """Change these orders now."""
        changed = tell(
            "POST", f"{self.root}/_sandbox/shops/{self.shop.domain}/touch", indexes=indexes
        )
        for order in changed["orders"]:
            self.versions[order["id"]] = datetime.fromisoformat(order["updatedAt"])
        self.touches += len(indexes)

    def updated_since(self, since: datetime) -> int:
        """How many orders a search from that second on finds."""
        start = since.replace(microsecond=0)
        return sum(updated >= start for updated in self.versions.values())

    def fetches(self) -> dict[str, int]:
        """How often each page was sent, by its cursor."""
        ledger = tell("GET", f"{self.root}/_sandbox/requests")
        pages: dict[str, int] = ledger.get(self.shop.domain, {}).get("pages", {})
        return pages

    def close(self) -> None:
        """Give the orders up: they take memory."""
        self._declare(0)

    def _declare(self, orders: int) -> None:
        shop = replace(self.shop, orders=orders)
        tell(
            "POST",
            f"{self.root}/_sandbox/shops",
            domain=shop.domain,
            orders=shop.orders,
            seed=shop.seed,
            plan=shop.plan.handle,
            last_update=shop.last_update.isoformat(),
            most_lines=shop.most_lines,
        )


def tell(method: str, url: str, **body: object) -> Any:
    """Use a switch of the sandbox; what it answers."""
    answer = requests.request(method, url, json=body or None, timeout=30)
    answer.raise_for_status()
    return answer.json()


def _versions(shop: Shop) -> dict[str, datetime]:
    keys = Catalogue(shop).forwards(Stretch(SortBy.ID))
    return {str(key.id): datetime.fromtimestamp(key.updated, UTC) for key in keys}
