"""Items of the shops table; a person or another service may have written what is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.attribute_values import Item
from adapters.dynamodb_items import StoredItem, as_instant, as_text
from domain.shops import Absence, ConnectedShop, ShopStatus, Tokens, shop_domain

REVISION = "accessToken"
"""Whoever stores credentials stores another access token: as it is stored it names them."""
LEASE = ("refreshLeaseOwner", "refreshLeaseUntil")
ABSENCE = ("statusReason", "statusSince", "probedAt")
_OPTIONAL = (
    "accessTokenExpiresAt",
    "refreshToken",
    "refreshTokenExpiresAt",
    "scopes",
    "earlierRefreshToken",
)


def token_attributes(tokens: Tokens) -> tuple[Item, tuple[str, ...]]:
    """What to set and what to remove so that the item has these tokens."""
    found = {
        "accessToken": as_text(tokens.access),
        "accessTokenExpiresAt": tokens.expires_at and as_instant(tokens.expires_at),
        "refreshToken": tokens.refresh and as_text(tokens.refresh),
        "refreshTokenExpiresAt": tokens.refresh_expires_at
        and as_instant(tokens.refresh_expires_at),
        "scopes": tokens.scopes and as_text(",".join(tokens.scopes)),
        "earlierRefreshToken": tokens.earlier_refresh and as_text(tokens.earlier_refresh),
    }
    sets = {name: value for name, value in found.items() if value}
    return sets, tuple(name for name in _OPTIONAL if name not in sets)


def connected_shop(user_id: str, item: Mapping[str, Any]) -> ConnectedShop:
    """The shop in the item; `Permanent` with reason database-error if it cannot be read."""
    stored = StoredItem(f"the shop of user {user_id}", item)
    return ConnectedShop(
        user_id=user_id,
        shop=_domain(stored),
        tokens=_tokens(stored),
        status=_status(stored),
        updated_at=stored.optional_instant("updatedAt"),
        absence=_absence(stored),
        revision=stored.text(REVISION),
    )


def _tokens(stored: StoredItem) -> Tokens:
    return Tokens(
        access=_token(stored, "accessToken"),
        expires_at=stored.optional_instant("accessTokenExpiresAt"),
        refresh=_optional_token(stored, "refreshToken"),
        refresh_expires_at=stored.optional_instant("refreshTokenExpiresAt"),
        scopes=tuple(filter(None, (stored.optional_text("scopes") or "").split(","))),
        earlier_refresh=_optional_token(stored, "earlierRefreshToken"),
    )


def _optional_token(stored: StoredItem, name: str) -> str | None:
    return _token(stored, name) if stored.has(name) else None


def _token(stored: StoredItem, name: str) -> str:
    token = stored.text(name)
    if not token:
        raise stored.unreadable(name)
    return token


def _domain(stored: StoredItem) -> str:
    try:
        return shop_domain(stored.text("shop"))
    except ValueError:
        raise stored.unreadable("shop") from None


def _status(stored: StoredItem) -> ShopStatus:
    """A shop without a status was stored by a person or another service: it is connected."""
    try:
        return ShopStatus(stored.optional_text("status") or ShopStatus.CONNECTED)
    except ValueError:
        raise stored.unreadable("status") from None


def _absence(stored: StoredItem) -> Absence | None:
    reason, since = stored.optional_text("statusReason"), stored.optional_instant("statusSince")
    return None if reason is None or since is None else Absence(reason, since)
