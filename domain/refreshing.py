"""Access tokens that expire: replaced early, once, and stored before they are used."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from domain.checkpoints import LeaseMark
from domain.failures import (
    ClientRefused,
    Failure,
    Interrupted,
    Permanent,
    RateLimited,
    Reason,
    RefreshRefused,
    TokenRefused,
    Transient,
    Unavailable,
)
from domain.occurrences import ShopChanged, ShopEvent
from domain.ports import Chance, Clock, Observer, Pause, ShopDirectory, TokenGrants
from domain.shops import ConnectedShop, Tokens

EARLY = timedelta(minutes=5)
JITTER = timedelta(minutes=1)
"""A little earlier still, so that the workers of a shop do not all notice at once."""
LEASE = timedelta(minutes=3)
"""Longer than two requests for new tokens may take, shorter than a token is refreshed early: who
dies in the middle holds up nobody."""
LOOK_EVERY = timedelta(seconds=1)
LOOKS = 5
AFTER_OTHERS = timedelta(seconds=20)
"""What is left of the wait for somebody else's refresh is spent in the queue."""
AFTER_MISCONFIGURATION = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class RefreshTokens:
    """At most one refresh of a shop's tokens goes on at a time, whoever asks in which process.

    The new pair replaces exactly the one that it was got with, and nobody sees it before it is
    stored. If it never is (a crash, an answer that was lost), the next one asks with the same
    refresh token, which Shopify allows until the replacement has been used
    (shopify.dev/docs/apps/build/authentication-authorization/access-tokens/offline-access-tokens).
    While the access token is good a refresh that fails hinders nobody, and is tried again when its
    lease has ended.
    """

    shops: ShopDirectory
    grants: TokenGrants
    clock: Clock
    chance: Chance
    pause: Pause
    observer: Observer

    def fresh(self, shop: ConnectedShop) -> ConnectedShop:
        """The shop with a token that is good for minutes; with the same one if that is.

        Raises what `instead` raises.
        """
        expires_at = shop.tokens.expires_at
        if expires_at is None or shop.tokens.refresh is None:
            return shop
        now = self.clock.now()
        if now < expires_at - EARLY - JITTER * self.chance.uniform():
            return shop
        return self._refreshed(shop, usable=now < expires_at)

    def instead(self, shop: ConnectedShop, refusal: TokenRefused) -> ConnectedShop:
        """The shop with another token than the one that was refused.

        Raises `Permanent` with reason shop-unauthorized if there is none (the shop then has to be
        authorised again), unknown-shop, shop-unavailable; `Unavailable` while somebody else's
        refresh goes on or the app's own credentials are not accepted; what `TokenGrants` raises for
        the time being; `Interrupted`.
        """
        stored = self._current(shop)
        if stored.revision == shop.revision and stored.tokens.refresh is not None:
            return self._refreshed(stored, usable=False)
        return self._others_than(shop, refusal)

    def _refreshed(self, shop: ConnectedShop, *, usable: bool) -> ConnectedShop:
        try:
            return self._by_us_or_others(shop, usable=usable)
        except Transient:
            if usable:
                return shop
            raise

    def _by_us_or_others(self, shop: ConnectedShop, *, usable: bool) -> ConnectedShop:
        for _ in range(LOOKS):
            owner, now = self.chance.new_id(), self.clock.now()
            if self.shops.lease_refresh(shop, LeaseMark(owner, now + LEASE), now):
                return self._with_lease(shop, owner, usable=usable)
            if usable:
                return shop
            self.pause.wait(LOOK_EVERY)
            stored = self._current(shop)
            if stored.revision != shop.revision:
                return stored
        raise Unavailable(
            AFTER_OTHERS * (0.5 + self.chance.uniform()),
            Transient(Reason.SHOPIFY_ERROR, "another worker refreshes the shop's access token"),
        )

    def _with_lease(self, shop: ConnectedShop, owner: str, *, usable: bool) -> ConnectedShop:
        try:
            tokens = self._granted(shop)
        except RefreshRefused as refusal:
            return self._others_than(shop, refusal)
        except (Failure, RateLimited, Unavailable) as trouble:
            self._notice_trouble(shop, trouble)
            if usable:
                return shop
            self.shops.release_refresh(shop, owner)
            raise self._meaning(trouble) from trouble
        except Interrupted:
            self.shops.release_refresh(shop, owner)
            raise
        renewed = self.shops.renew(shop, owner, tokens)
        if renewed is None:
            return self._current(shop)
        self.observer.notice(ShopChanged(shop.user_id, shop.shop, ShopEvent.REFRESHED))
        return renewed

    def _others_than(self, shop: ConnectedShop, refusal: Permanent) -> ConnectedShop:
        """What was stored meanwhile: what was refused is old then, and nobody's trouble."""
        stored = self._current(shop)
        if stored.revision != shop.revision:
            return stored
        if self.shops.require_reauth(shop, refusal.message):
            event = ShopEvent.REAUTH_REQUIRED
            self.observer.notice(ShopChanged(shop.user_id, shop.shop, event, refusal.message))
        raise refusal

    def _granted(self, shop: ConnectedShop) -> Tokens:
        """With the refresh token, or with the one before it if that is the one that still lives.

        A worker that was paused may have sent a request long after its lease: what it was given
        took the place of what is stored.
        """
        current, earlier = shop.tokens.refresh, shop.tokens.earlier_refresh
        if current is None:
            raise RefreshRefused("the shop's access token cannot be refreshed")
        try:
            return replace(self.grants.refresh(shop, current), earlier_refresh=current)
        except RefreshRefused:
            if earlier is None:
                raise
        return replace(self.grants.refresh(shop, earlier), earlier_refresh=earlier)

    def _current(self, shop: ConnectedShop) -> ConnectedShop:
        stored = self.shops.find(shop.user_id)
        if stored is None or stored.shop != shop.shop:
            raise Permanent(
                Reason.UNKNOWN_SHOP, f"{shop.shop} is not connected for this user any more"
            )
        if stored.hopeless:
            raise Permanent(
                Reason.SHOP_UNAUTHORIZED,
                f"{shop.shop} has to authorise the app again: run `shopify-sync connect`",
            )
        return stored

    def _notice_trouble(self, shop: ConnectedShop, trouble: Exception) -> None:
        ours = isinstance(trouble, ClientRefused)
        event = ShopEvent.CLIENT_MISCONFIGURED if ours else ShopEvent.REFRESH_FAILED
        self.observer.notice(ShopChanged(shop.user_id, shop.shop, event, str(trouble)))

    def _meaning(self, trouble: Exception) -> Exception:
        """Our own misconfiguration is waited out like an outage: no run is to blame."""
        if not isinstance(trouble, ClientRefused):
            return trouble
        wait = AFTER_MISCONFIGURATION * (0.5 + self.chance.uniform() / 2)
        return Unavailable(wait, trouble)
