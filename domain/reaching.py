"""From a user to the shop whose orders are read."""

from __future__ import annotations

from dataclasses import dataclass

from domain.failures import Permanent, Purged, Reason
from domain.ports import ErasureLedger, ShopDirectory
from domain.shops import ConnectedShop


@dataclass(frozen=True, slots=True)
class FindShop:
    """The user's shop, if it is still the one that the work at hand began with."""

    shops: ShopDirectory
    erasures: ErasureLedger

    def __call__(self, user_id: str, began_with: str | None) -> ConnectedShop:
        """Raises `Permanent` with reason unknown-shop or shop-unauthorized, or `Purged`."""
        shop = self.shops.find(user_id)
        if shop is None and self.erasures.of(user_id).user:
            raise Purged
        if shop is None:
            raise Permanent(
                Reason.UNKNOWN_SHOP,
                "no shop is connected for this user: run `shopify-sync connect USER SHOP`",
            )
        if began_with is not None and began_with != shop.shop:
            raise Permanent(
                Reason.UNKNOWN_SHOP,
                f"this began with {began_with}, but the user is connected to {shop.shop} now: "
                "ask for a new run with --restart",
            )
        if shop.hopeless:
            raise Permanent(
                Reason.SHOP_UNAUTHORIZED,
                f"{shop.shop} has to authorise the app again: run `shopify-sync connect`",
            )
        return shop
