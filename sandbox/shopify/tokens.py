"""Access tokens: fixed ones, and those that expire and are refreshed at Shopify's token endpoint.

A refresh token is taken until its replacement is used. Asked with again before that, it gives
another pair, and the one that nobody used is dead: Shopify says nothing of it, so the sandbox is
strict.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import msgspec

from sandbox.shopify.bad_answers import Response, as_json, wrong_token
from sandbox.shopify.faults import Fault
from sandbox.shopify.shops import Shop

CLIENT_ID = "sandbox-app"
CLIENT_SECRET = "sandbox-app-secret"  # noqa: S105 - opens nothing but this sandbox
LIFE = 3_600
REFRESH_LIFE = 7_776_000
SCOPE = "read_all_orders,read_customers,read_orders"
NON_EXPIRING = (
    "Non-expiring access tokens are no longer accepted for the Admin API. "
    "Start using expiring offline tokens."
)
INACTIVE = {
    "error": "invalid_request",
    "error_description": "This request requires an active refresh_token",
}
REFUSALS: Mapping[Fault, Response] = {
    Fault.GRANT_DEAD: as_json(401, INACTIVE),
    Fault.INVALID_GRANT: as_json(400, {"error": "invalid_grant"}),
    Fault.INVALID_CLIENT: as_json(401, {"error": "invalid_client"}),
    Fault.GRANT_UNAVAILABLE: Response(520, b"error code: 520", "text/plain"),
}


@dataclass(slots=True)
class Install:
    """What an installed app holds of a shop: access tokens with their ends, refresh tokens."""

    life: int = LIFE
    access: dict[str, float] = field(default_factory=dict)
    latest: str = ""
    earlier: str = ""
    ends: float = 0.0
    """When the refresh tokens do."""


class Tokens:
    """Every shop's tokens. Safe to use from many threads."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._installs: dict[str, Install | None] = {}
        self._given = 0
        self._grants = 0
        self._lock = Lock()

    @property
    def grants(self) -> int:
        """How many pairs were given for refresh tokens."""
        return self._grants

    def install(self, domain: str, life: int = LIFE) -> dict[str, Any]:
        """The first pair, as the app is given it; from now on fixed tokens are refused."""
        with self._lock:
            install = self._installs[domain] = Install(life)
            return self._pair(install, "")

    def uninstall(self, domain: str) -> None:
        """No token of the shop opens anything any more."""
        with self._lock:
            self._installs[domain] = None

    def expire(self, domain: str) -> None:
        """The access tokens that were given so far have run out."""
        with self._lock:
            install = self._installs.get(domain)
            if install is not None:
                install.access.clear()

    def refusal(self, shop: Shop, token: str | None) -> Response | None:
        """How a request with that access token is refused; None if it is not."""
        with self._lock:
            if shop.domain not in self._installs:
                return None if token == shop.token else wrong_token()
            install = self._installs[shop.domain]
            if install is not None and token == shop.token:
                return as_json(403, {"errors": NON_EXPIRING})
            ends = install.access.get(token or "", 0.0) if install is not None else 0.0
            return None if self._wall() < ends else wrong_token()

    def grant(self, domain: str, body: bytes) -> Response:
        """The answer of the token endpoint to a request for new tokens."""
        asked = _asked(body)
        if (asked.get("client_id"), asked.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return REFUSALS[Fault.INVALID_CLIENT]
        if asked.get("grant_type") != "refresh_token":
            return as_json(400, {"error": "invalid_request", "error_description": "grant_type"})
        with self._lock:
            install, token = self._installs.get(domain), asked.get("refresh_token")
            if install is None or not token or token not in (install.latest, install.earlier):
                return as_json(401, INACTIVE)
            if self._wall() >= install.ends:
                return as_json(401, INACTIVE)
            self._grants += 1
            return as_json(200, self._pair(install, token))

    def _pair(self, install: Install, used: str) -> dict[str, Any]:
        self._given += 1
        now = self._wall()
        secret = hashlib.sha256(f"{self._given}".encode()).hexdigest()[:32]
        install.access[f"shpat_{secret}"] = now + install.life
        install.latest, install.earlier = f"shprt_{secret}", used
        install.ends = now + REFRESH_LIFE
        return {
            "access_token": f"shpat_{secret}",
            "scope": SCOPE,
            "expires_in": install.life,
            "refresh_token": f"shprt_{secret}",
            "refresh_token_expires_in": REFRESH_LIFE,
        }


def _asked(body: bytes) -> Mapping[str, Any]:
    try:
        read = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return read if isinstance(read, dict) else {}
