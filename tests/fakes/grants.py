"""Shopify's token endpoint in memory."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from domain.failures import RefreshRefused
from domain.ports import Clock, TokenGrants
from domain.shops import ConnectedShop, Tokens

LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=90)


@dataclass(slots=True)
class Lineage:
    """A shop's refresh tokens: the latest one, and the one that it was got with.

    That one is good until the latest is used; asked with again, it gives a new latest one, and the
    unused one before is dead: the strictest reading of Shopify's documentation.
    """

    latest: str
    earlier: str | None = None


@dataclass
class FakeGrants(TokenGrants):
    """Hands out pairs of tokens; what goes wrong is said beforehand."""

    clock: Clock
    life: timedelta = LIFE
    asked_with: list[str] = field(default_factory=list)
    """The refresh token of each request."""

    def __post_init__(self) -> None:
        self._lineages: dict[str, Lineage] = {}
        self._numbers = count(1)
        self._faults: deque[tuple[Exception, bool]] = deque()

    def install(self, shop: str) -> Tokens:
        """The first pair, as the app gets it when the merchant authorises it."""
        tokens = self._pair()
        assert tokens.refresh is not None
        self._lineages[shop] = Lineage(tokens.refresh)
        return tokens

    def uninstall(self, shop: str) -> None:
        """Every token of the shop is dead."""
        self._lineages.pop(shop, None)

    def fail_next(self, failure: Exception, times: int = 1) -> None:
        """Let the next requests fail without effect."""
        self._faults.extend([(failure, True)] * times)

    def lose_next_answer(self, failure: Exception) -> None:
        """Let the next request take effect, and its sender never know."""
        self._faults.append((failure, False))

    def refresh(self, shop: ConnectedShop, refresh_token: str) -> Tokens:
        self.asked_with.append(refresh_token)
        failure, before = self._faults.popleft() if self._faults else (None, False)
        if failure and before:
            raise failure
        lineage = self._lineages.get(shop.shop)
        if lineage is None or refresh_token not in (lineage.latest, lineage.earlier):
            raise RefreshRefused("the refresh token is not active (HTTP 401)")
        tokens = self._pair()
        assert tokens.refresh is not None
        self._lineages[shop.shop] = Lineage(tokens.refresh, refresh_token)
        if failure:
            raise failure
        return tokens

    def _pair(self) -> Tokens:
        number, now = next(self._numbers), self.clock.now()
        return Tokens(
            access=f"shpat_{number}",
            expires_at=now + self.life,
            refresh=f"shprt_{number}",
            refresh_expires_at=now + REFRESH_LIFE,
            scopes=("read_orders",),
        )
