"""New tokens for a shop, from Shopify's token endpoint."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http import HTTPStatus
from threading import Lock

import msgspec

from adapters.shopify_client import Attempts
from adapters.shopify_grant_answers import granted
from adapters.shopify_transport import RawAnswer, ShopifyTransport
from domain.failures import ClientRefused
from domain.ports import TokenGrants
from domain.shops import ConnectedShop, Tokens

TIMEOUT = 10.0
"""Seconds for one request: with one retry and the longest wait that Shopify may ask for in
between, an answer is there, or given up, within the 90 s that the port promises."""
RETRIES = 1
TELLING = 3600.0
"""Seconds: every shop's token is refreshed once an hour."""
_NO_WAIT = timedelta(0)


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """The app's own id and secret at Shopify; either may be missing."""

    client_id: str | None
    client_secret: str | None = field(repr=False)


class Accepted:
    """For which shops Shopify took the app's credentials last, and when; used by many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._latest: OrderedDict[str, float] = OrderedDict()

    def note(self, shop: ConnectedShop, now: float) -> None:
        """`now` is monotonic, in seconds. Two shops are enough: one of them is another one."""
        with self._lock:
            self._latest[shop.shop] = now
            self._latest.move_to_end(shop.shop)
            while len(self._latest) > 2:  # noqa: PLR2004 - see above
                self._latest.popitem(last=False)

    def elsewhere(self, shop: ConnectedShop, now: float) -> timedelta | None:
        """How long ago that was for another shop; None if it is too long ago to tell of today."""
        with self._lock:
            ago = [now - at for other, at in self._latest.items() if other != shop.shop]
        return timedelta(seconds=min(ago)) if ago and min(ago) < TELLING else None


@dataclass(frozen=True, slots=True)
class ShopifyGrants(TokenGrants):
    """Asks with grant_type=refresh_token, again with the same one if no answer comes.

    Neither the secret nor a token is in any URL, error or log.
    """

    transport: ShopifyTransport
    attempts: Attempts
    app: AppCredentials
    accepted: Accepted = field(default_factory=Accepted)

    def refresh(self, shop: ConnectedShop, refresh_token: str) -> Tokens:
        if not self.app.client_id or not self.app.client_secret:
            raise ClientRefused(
                "SYNC_SHOPIFY_CLIENT_ID and SYNC_SHOPIFY_CLIENT_SECRET are not set: an access "
                "token that expires cannot be refreshed without them"
            )
        body = msgspec.json.encode(
            {
                "client_id": self.app.client_id,
                "client_secret": self.app.client_secret,
                "grant_type": "refresh_token",
                "refresh_token": refresh_token,
            }
        )
        secrets = (self.app.client_secret, refresh_token)
        return self.attempts(lambda: self._asked(shop, body, secrets), _NO_WAIT)

    def _asked(self, shop: ConnectedShop, body: bytes, secrets: tuple[str, ...]) -> Tokens:
        """The pair's life counts from before the request: never longer than it is."""
        now = self.transport.clock.now()
        answer = _without(secrets, self.transport.grant(shop, body))
        try:
            tokens = granted(answer, now)
        except ClientRefused:
            if (ago := self.accepted.elsewhere(shop, self.transport.clock.monotonic())) is None:
                raise
            raise _refused_here(answer.status, ago) from None
        self.accepted.note(shop, self.transport.clock.monotonic())
        return tokens


def _refused_here(status: int, ago: timedelta) -> ClientRefused:
    """Shopify says the same of an app that was uninstalled: a person sees which of the two it is.

    It is no proof, since a secret may have been replaced meanwhile: the shop is not disabled.
    """
    minutes = ago // timedelta(minutes=1)
    return ClientRefused(
        "Shopify does not accept the app's SYNC_SHOPIFY_CLIENT_ID and SYNC_SHOPIFY_CLIENT_SECRET "
        f"for this shop (HTTP {status}), and did for another one {minutes} min ago: if that goes "
        "on, its merchant has uninstalled the app"
    )


def _without(secrets: tuple[str, ...], answer: RawAnswer) -> RawAnswer:
    """A refusal is quoted in errors: what it repeats of our request is taken out."""
    if answer.status == HTTPStatus.OK:
        return answer
    body = answer.body
    for secret in secrets:
        body = body.replace(secret.encode(), b"[secret]")
    return replace(answer, body=body)
