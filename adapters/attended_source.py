"""A source of orders whose shops have good tokens, and are known to be away when they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from domain.failures import Permanent, Preparing, Reason, SecurityRejected, Spoilt, TokenRefused
from domain.occurrences import ShopChanged, ShopEvent
from domain.orders import Order, OrderPage, PageRequest, Window
from domain.ports import Observer, OrderSource, ShopDirectory
from domain.refreshing import RefreshTokens
from domain.shops import ConnectedShop, ShopStatus

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AttendedSource(OrderSource):
    """Asks with a fresh token, and once more with another one if that is refused.

    A shop that is away is parked with the reason; one that answers is connected again, whatever
    was known of it: whoever asks for a sync of a parked shop looks whether it is back. A refusal of
    the app is an answer, too: it makes of a parked shop what it makes of any.
    """

    source: OrderSource
    tokens: RefreshTokens
    shops: ShopDirectory
    observer: Observer

    def fetch_page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        return self._attended(shop, lambda fresh: self._page(fresh, request))

    def fetch_orders(self, shop: ConnectedShop, order_ids: tuple[str, ...]) -> tuple[Order, ...]:
        return self._attended(shop, lambda fresh: self.source.fetch_orders(fresh, order_ids))

    def count(self, shop: ConnectedShop, window: Window) -> int | None:
        return self._attended(shop, lambda fresh: self.source.count(fresh, window))

    def _page(self, shop: ConnectedShop, request: PageRequest) -> OrderPage:
        page = self.source.fetch_page(shop, request)
        if page.scopes is not None:
            self.shops.note_scopes(shop, page.scopes)
        return page

    def _attended(self, shop: ConnectedShop, ask: Callable[[ConnectedShop], T]) -> T:
        shop = self._fresh(shop)
        try:
            return self._asked(shop, ask)
        except TokenRefused as refused:
            refusal = refused
        renewed = self._parking(shop, lambda: self.tokens.instead(shop, refusal))
        try:
            return self._asked(renewed, ask)
        except TokenRefused:
            self._not_away(renewed)
            raise

    def _fresh(self, shop: ConnectedShop) -> ConnectedShop:
        return self._parking(shop, lambda: self.tokens.fresh(shop))

    def _asked(self, shop: ConnectedShop, ask: Callable[[ConnectedShop], T]) -> T:
        try:
            answer = self._parking(shop, lambda: ask(shop))
        except (Preparing, Spoilt):
            self._readmit(shop)
            raise
        except TokenRefused:
            raise
        except Permanent as refusal:
            if refusal.reason is Reason.SHOP_UNAUTHORIZED:
                self._not_away(shop)
            raise
        self._readmit(shop)
        return answer

    def _parking(self, shop: ConnectedShop, call: Callable[[], T]) -> T:
        try:
            return call()
        except Permanent as refusal:
            if refusal.reason is Reason.SHOP_UNAVAILABLE and self.shops.park(shop, refusal.message):
                self._notice(shop, ShopEvent.UNAVAILABLE, refusal.message)
            raise
        except SecurityRejected as rejection:
            self._notice(shop, ShopEvent.REJECTED, rejection.failure.message)
            raise

    def _not_away(self, shop: ConnectedShop) -> None:
        """It answers, though not to us: who is told that it is away looks in the wrong place."""
        if shop.status is ShopStatus.UNAVAILABLE:
            self._readmit(shop)

    def _readmit(self, shop: ConnectedShop) -> None:
        if shop.status is not ShopStatus.CONNECTED and self.shops.readmit(shop):
            self._notice(shop, ShopEvent.AVAILABLE)

    def _notice(self, shop: ConnectedShop, event: ShopEvent, why: str = "") -> None:
        self.observer.notice(ShopChanged(shop.user_id, shop.shop, event, why))
