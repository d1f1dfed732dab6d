"""New tokens for a shop, from Shopify's token endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from http import HTTPStatus

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
_NO_WAIT = timedelta(0)


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """The app's own id and secret at Shopify; either may be missing."""

    client_id: str | None
    client_secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShopifyGrants(TokenGrants):
    """Asks with grant_type=refresh_token, again with the same one if no answer comes.

    Neither the secret nor a token is in any URL, error or log.
    """

    transport: ShopifyTransport
    attempts: Attempts
    app: AppCredentials

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
        return granted(_without(secrets, self.transport.grant(shop, body)), now)


def _without(secrets: tuple[str, ...], answer: RawAnswer) -> RawAnswer:
    """A refusal is quoted in errors: what it repeats of our request is taken out."""
    if answer.status == HTTPStatus.OK:
        return answer
    body = answer.body
    for secret in secrets:
        body = body.replace(secret.encode(), b"[secret]")
    return replace(answer, body=body)
