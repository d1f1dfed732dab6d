"""Ways to break the fake stores of failed batches, shops and orders, and their faults."""

from __future__ import annotations

from tests.planting import PlantedBug

_BATCHES = "tests.fakes.failed_batches"
_SHOPS = "tests.fakes.shops"
_ORDERS = "tests.fakes.orders"
_FAULTS = "tests.fakes.faults"
_GRANTS = "tests.fakes.grants"

BUGS = (
    PlantedBug(
        "add-overwrites-a-batch-at-the-same-place",
        _BATCHES,
        "while stored := self._batches.get(_place(batch)):",
        "while stored := None:",
        "under the next free number if its own is taken",
    ),
    PlantedBug(
        "add-loses-a-batch-at-the-same-place",
        _BATCHES,
        "if stored.order_ids == batch.order_ids:",
        "if stored:",
        "other orders at the same place are another batch",
    ),
    PlantedBug(
        "update-brings-a-batch-back",
        _BATCHES,
        "if _place(batch) in self._batches:",
        "if batch:",
        "only if the batch still exists",
    ),
    PlantedBug(
        "remove-insists-on-a-batch",
        _BATCHES,
        "self._batches.pop(_place(batch), None)",
        "self._batches.pop(_place(batch))",
        "nothing happens if it is gone already",
    ),
    PlantedBug(
        "batches-of-every-sync-type",
        _BATCHES,
        "if batch.key == key]",
        "if batch.key.user_id == key.user_id]",
        "one user's batches of one sync type",
    ),
    PlantedBug(
        "connect-keeps-the-earlier-credentials",
        _SHOPS,
        "self._shops[shop.user_id] = replace(stored, updated_at=at)",
        "self._shops.setdefault(shop.user_id, replace(stored, updated_at=at))",
        "in place of the user's earlier ones",
    ),
    PlantedBug(
        "each-lists-every-shop",
        _SHOPS,
        " if shop.status is status]",
        "]",
        "only users whose shop has that status",
    ),
    PlantedBug(
        "refresh-is-leased-to-everybody",
        _SHOPS,
        "if not self._same(shop) or (held and held.until > now and held.owner != lease.owner):",
        "if not self._same(shop):",
        "one refresh at a time",
    ),
    PlantedBug(
        "renew-asks-for-no-lease",
        _SHOPS,
        "if not self._same(shop) or not self._leased(shop, owner):",
        "if not self._same(shop):",
        "nothing is stored if the lease is another's",
    ),
    PlantedBug(
        "renew-stores-over-other-credentials",
        _SHOPS,
        "return stored is not None and stored.revision == shop.revision",
        "return stored is not None",
        "only the credentials that were found are changed",
    ),
    PlantedBug(
        "probe-is-claimed-by-everybody",
        _SHOPS,
        "            self._probes[user_id] = self._clock.now()\n",
        "",
        "True for one caller only",
    ),
    PlantedBug(
        "probe-is-not-given-back",
        _SHOPS,
        "    def release_probe(self, user_id: str) -> None:\n"
        "        with self._call():\n"
        "            self._probes.pop(user_id, None)\n",
        "    def release_probe(self, user_id: str) -> None:\n"
        "        with self._call():\n"
        "            self._probes.get(user_id, None)\n",
        "a probe that could not be sent may be claimed again",
    ),
    PlantedBug(
        "scopes-of-earlier-credentials-are-kept",
        _SHOPS,
        "            if self._same(shop):\n                stored",
        "            if shop.user_id in self._shops:\n                stored",
        "nothing happens if others are stored",
    ),
    PlantedBug(
        "connects-before-it-is-told-to",
        _SHOPS,
        "        return store\n",
        "        store()\n        return store\n",
        "what is returned stores the credentials",
    ),
    PlantedBug(
        "refresh-token-dies-with-its-first-use",
        _GRANTS,
        "Lineage(tokens.refresh, refresh_token)",
        "Lineage(tokens.refresh)",
        "it may be asked for again if the answer is lost",
    ),
    PlantedBug(
        "refresh-token-never-dies",
        _GRANTS,
        "if lineage is None or refresh_token not in (lineage.latest, lineage.earlier):",
        "if lineage is None:",
        "a refresh token that is dead is refused",
    ),
    PlantedBug(
        "save-overwrites-a-newer-order",
        _ORDERS,
        "if stored and stored.updated_at > order.updated_at:",
        "if stored and stored is None:",
        "an order with a later update time stays",
    ),
    PlantedBug(
        "save-takes-a-second-for-a-version",
        _ORDERS,
        "stored.updated_at > order.updated_at",
        "stored.updated_at >= order.updated_at",
        "another version of the same second is stored",
    ),
    PlantedBug(
        "save-keeps-the-last-of-a-page",
        _ORDERS,
        "in sorted(orders, key=lambda order: order.updated_at)",
        "in orders",
        "of two versions in one page the later is kept",
    ),
    PlantedBug(
        "save-writes-what-is-unchanged",
        _ORDERS,
        "if stored != new:",
        "if new:",
        "an unchanged order is not written again",
    ),
    PlantedBug(
        "save-ignores-a-lost-lease",
        _ORDERS,
        "                lease.assert_held()\n                failed |=",
        "                failed |=",
        "the lease is asked before each request",
    ),
    PlantedBug(
        "save-calls-an-outage-a-page-of-failures",
        _ORDERS,
        "if len(failed) == len(latest) and any(",
        "if len(failed) > len(latest) and any(",
        "Transient when nothing at all could be written",
    ),
    PlantedBug(
        "report-drops-a-failed-order",
        _ORDERS,
        "if (failure := left.pop(i, None)))",
        "if (failure := left.pop(i, None)) and i != '7')",
        "each order is in the table or named in the report",
    ),
    PlantedBug(
        "report-counts-failures-as-saved",
        _ORDERS,
        "StoreReport(len(orders) - len(failed), ",
        "StoreReport(len(orders), ",
        "saved and failed make up the page",
    ),
    PlantedBug(
        "faults-come-too-late",
        _FAULTS,
        "if fault and fault.before:",
        "if fault and not fault:",
        "a failed call changes nothing",
    ),
    PlantedBug(
        "lost-answers-lose-the-call",
        _FAULTS,
        "self.fail_next(before=False)",
        "self.fail_next(before=True)",
        "a call whose answer is lost took effect",
    ),
    PlantedBug(
        "lost-answers-arrive",
        _FAULTS,
        "            yield\n            if fault:",
        "            yield\n            if fault and fault.before:",
        "the caller of a lost answer is not told",
    ),
)
