"""Connected shops in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import count

from domain.checkpoints import LeaseMark
from domain.failures import Failure
from domain.ports import Clock, ShopDirectory
from domain.shops import Absence, ConnectedShop, ShopStatus, Standing, Tokens
from tests.fakes.faults import Faulty


class FakeShops(Faulty, ShopDirectory):
    """Every user's shop; `fail_next` and `lose_next_answer` say what goes wrong."""

    def __init__(self, clock: Clock, *shops: ConnectedShop) -> None:
        super().__init__()
        self._clock = clock
        self._shops: dict[str, ConnectedShop] = {}
        self._leases: dict[str, LeaseMark] = {}
        self._probes: dict[str, datetime] = {}
        self._revisions = count(1)
        self.key_trouble: Failure | None = None
        """What tokens cannot be sealed for."""
        for shop in shops:
            self.connect(shop)

    def find(self, user_id: str) -> ConnectedShop | None:
        with self._call():
            return self._shops.get(user_id)

    def standing(self, user_id: str) -> Standing | None:
        with self._call():
            shop = self._shops.get(user_id)
            return Standing(shop.shop, shop.status, shop.absence) if shop else None

    def connect(self, shop: ConnectedShop) -> None:
        self.prepare(shop)()

    def prepare(self, shop: ConnectedShop) -> Callable[[], None]:
        if self.key_trouble is not None:
            raise self.key_trouble

        def store() -> None:
            with self._call():
                at = shop.updated_at or self._clock.now()
                self._forget(shop.user_id)
                stored = replace(shop, absence=None, revision=self._revision())
                self._shops[shop.user_id] = replace(stored, updated_at=at)

        return store

    def forget(self, user_id: str) -> None:
        """The user has no shop any more."""
        with self._lock:
            self._forget(user_id)
            self._shops.pop(user_id, None)

    def each(self, status: ShopStatus) -> Iterator[str]:
        with self._call():
            users = [shop.user_id for shop in self._shops.values() if shop.status is status]
        yield from users

    def lease_refresh(self, shop: ConnectedShop, lease: LeaseMark, now: datetime) -> bool:
        with self._call():
            held = self._leases.get(shop.user_id)
            if not self._same(shop) or (held and held.until > now and held.owner != lease.owner):
                return False
            self._leases[shop.user_id] = lease
            return True

    def renew(self, shop: ConnectedShop, owner: str, tokens: Tokens) -> ConnectedShop | None:
        with self._call():
            if not self._same(shop) or not self._leased(shop, owner):
                return None
            del self._leases[shop.user_id]
            return self._keep(shop, tokens=tokens, revision=self._revision())

    def release_refresh(self, shop: ConnectedShop, owner: str) -> None:
        with self._call():
            if self._same(shop) and self._leased(shop, owner):
                del self._leases[shop.user_id]

    def require_reauth(self, shop: ConnectedShop, reason: str) -> bool:
        return self._gone(shop, ShopStatus.REAUTH_REQUIRED, reason)

    def park(self, shop: ConnectedShop, reason: str) -> bool:
        return self._gone(shop, ShopStatus.UNAVAILABLE, reason)

    def readmit(self, shop: ConnectedShop) -> bool:
        with self._call():
            if not self._same(shop) or self._shops[shop.user_id].status is ShopStatus.CONNECTED:
                return False
            self._probes.pop(shop.user_id, None)
            self._keep(shop, status=ShopStatus.CONNECTED, absence=None)
            return True

    def note_scopes(self, shop: ConnectedShop, scopes: tuple[str, ...]) -> None:
        with self._call():
            if self._same(shop):
                stored = self._shops[shop.user_id]
                tokens = replace(stored.tokens, scopes=scopes)
                self._shops[shop.user_id] = replace(stored, tokens=tokens)

    def claim_probe(self, user_id: str, before: datetime) -> bool:
        with self._call():
            shop = self._shops.get(user_id)
            if shop is None or not shop.worth_a_look:
                return False
            since = shop.absence.since if shop.absence else None
            if any(at is not None and at >= before for at in (since, self._probes.get(user_id))):
                return False
            self._probes[user_id] = self._clock.now()
            return True

    def release_probe(self, user_id: str) -> None:
        with self._call():
            self._probes.pop(user_id, None)

    def _gone(self, shop: ConnectedShop, status: ShopStatus, reason: str) -> bool:
        with self._call():
            if not self._same(shop) or self._shops[shop.user_id].status is status:
                return False
            self._keep(shop, status=status, absence=Absence(reason, self._clock.now()))
            return True

    def _same(self, shop: ConnectedShop) -> bool:
        stored = self._shops.get(shop.user_id)
        return stored is not None and stored.revision == shop.revision

    def _leased(self, shop: ConnectedShop, owner: str) -> bool:
        held = self._leases.get(shop.user_id)
        return held is not None and held.owner == owner

    def _keep(self, shop: ConnectedShop, **changes: object) -> ConnectedShop:
        stored = replace(self._shops[shop.user_id], updated_at=self._clock.now())
        kept: ConnectedShop = replace(stored, **changes)  # type: ignore[arg-type] # its own fields
        self._shops[shop.user_id] = kept
        return kept

    def _forget(self, user_id: str) -> None:
        self._leases.pop(user_id, None)
        self._probes.pop(user_id, None)

    def _revision(self) -> str:
        return f"revision-{next(self._revisions)}"
