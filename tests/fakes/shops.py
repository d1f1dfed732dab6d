"""Connected shops in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from domain.ports import Clock, ShopDirectory
from domain.shops import ConnectedShop, ShopStatus
from tests.fakes.faults import Faulty


class FakeShops(Faulty, ShopDirectory):
    """Every user's shop; `fail_next` and `lose_next_answer` say what goes wrong."""

    def __init__(self, clock: Clock, *shops: ConnectedShop) -> None:
        super().__init__()
        self._clock = clock
        self._shops: dict[str, ConnectedShop] = {}
        for shop in shops:
            self.connect(shop)

    def find(self, user_id: str) -> ConnectedShop | None:
        with self._call():
            return self._shops.get(user_id)

    def connect(self, shop: ConnectedShop) -> None:
        with self._call():
            at = shop.updated_at or self._clock.now()
            self._shops[shop.user_id] = replace(shop, updated_at=at)

    def each(self, status: ShopStatus) -> Iterator[str]:
        with self._call():
            users = [shop.user_id for shop in self._shops.values() if shop.status is status]
        yield from users
