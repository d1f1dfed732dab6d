"""Ways to get the refresh of tokens wrong, each of which its simulation must find."""

from __future__ import annotations

from tests.planting import PlantedBug

TOKEN_BUGS = (
    PlantedBug(
        "refresh-without-a-lease",
        "domain.refreshing",
        "            if self.shops.lease_refresh(shop, LeaseMark(owner, now + LEASE), now):\n",
        "            if self.shops.lease_refresh(shop, LeaseMark(owner, now + LEASE), now) or owner:\n",
        "several workers refresh at once",
    ),
    PlantedBug(
        "lease-a-refresh-to-everybody",
        "adapters.dynamodb_shops",
        'f"attribute_not_exists(#refreshLeaseUntil) OR #refreshLeaseUntil <= :now OR {_MINE}"',
        'f"attribute_exists(#accessToken) OR #refreshLeaseUntil <= :now OR {_MINE}"',
        "several workers refresh at once",
    ),
    PlantedBug(
        "use-before-storing",
        "domain.refreshing",
        "        renewed = self.shops.renew(shop, owner, tokens)\n",
        "        renewed: ConnectedShop | None = replace(shop, tokens=tokens)\n",
        "a pair that only one worker knows is used",
    ),
    PlantedBug(
        "forget-the-token-before",
        "domain.refreshing",
        "            return replace(self.grants.refresh(shop, current), earlier_refresh=current)\n",
        "            return self.grants.refresh(shop, current)\n",
        "what a paused worker did late locks the merchant out",
    ),
    PlantedBug(
        "blame-others-for-an-old-refusal",
        "domain.refreshing",
        "        stored = self._current(shop)\n"
        "        if stored.revision != shop.revision:\n"
        "            return stored\n"
        "        if self.shops.require_reauth(",
        "        if self.shops.require_reauth(",
        "a run fails because of a token that is no longer used",
    ),
    PlantedBug(
        "take-a-refused-token-for-a-good-one",
        "domain.refreshing",
        "            return self._refreshed(stored, usable=False)\n",
        "            return self._refreshed(stored, usable=True)\n",
        "a run fails while somebody else refreshes",
    ),
    PlantedBug(
        "lease-for-ever",
        "domain.refreshing",
        "LEASE = timedelta(minutes=3)\n",
        "LEASE = timedelta(hours=9)\n",
        "a worker that dies in the middle stops the shop",
    ),
    PlantedBug(
        "store-what-is-not-ours",
        "adapters.dynamodb_shops",
        '            condition=f"{_SAME} AND {update.condition}",\n',
        '            condition=f"({_SAME} AND {update.condition}) OR attribute_exists(userId)",\n',
        "an old pair goes over a newer one",
    ),
)
