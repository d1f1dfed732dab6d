"""Ways to break the fake ledger of erasures and the fake records of users."""

from __future__ import annotations

from tests.planting import PlantedBug

_ERASURES = "tests.fakes.erasures"

BUGS = (
    PlantedBug(
        "a-purge-under-way-is-lifted",
        _ERASURES,
        "            if stored.done_at is None:\n                return False\n",
        "",
        "True unless a purge is under way",
    ),
    PlantedBug(
        "named-orders-are-forgotten",
        _ERASURES,
        "orders=frozenset(order for mark in customers for order in mark.order_ids),",
        "orders=frozenset(),",
        "orders that are the customer's whether or not they name one",
    ),
    PlantedBug(
        "a-stale-mark-is-advanced",
        _ERASURES,
        "if stored is not None and stored.since == mark.since:",
        "if stored is not None:",
        "if it is still the mark that was begun then",
    ),
    PlantedBug(
        "a-look-sees-no-purge",
        "tests.fakes.checkpoints",
        "purged = self.ledger is not None and self.ledger.of(user).user",
        "purged = False",
        "What `find`, `watermark` and the ledger of erasures say, at one look.",
    ),
    PlantedBug(
        "failed-batches-stay",
        _ERASURES,
        "            for store in self._stores:\n",
        "            for store in self._stores[:2]:\n",
        "all checkpoints, failed batches and the watermark",
    ),
)
