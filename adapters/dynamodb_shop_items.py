"""Items of the shops table; a person or another service may have written what is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.attribute_values import Item
from adapters.dynamodb_items import StoredItem, as_instant, as_text
from adapters.token_vault import Owner, TokenVault, Unsealable
from domain.shops import Absence, ConnectedShop, ShopStatus, Standing, Tokens, shop_domain

REVISION = "accessToken"
"""Whoever stores credentials stores another access token: as it is stored it names them."""
LEASE = ("refreshLeaseOwner", "refreshLeaseUntil")
ABSENCE = ("statusReason", "statusSince", "probedAt")
_SECRETS = ("accessToken", "refreshToken", "earlierRefreshToken")
_OPTIONAL = (
    "accessTokenExpiresAt",
    "refreshToken",
    "refreshTokenExpiresAt",
    "scopes",
    "earlierRefreshToken",
)


def token_attributes(
    owner: Owner, tokens: Tokens, vault: TokenVault
) -> tuple[Item, tuple[str, ...]]:
    """What to set and what to remove so that the item has these tokens."""
    secrets = {
        "accessToken": tokens.access,
        "refreshToken": tokens.refresh,
        "earlierRefreshToken": tokens.earlier_refresh,
    }
    sealed = vault.seal(owner, {name: text for name, text in secrets.items() if text})
    found = {
        "accessTokenExpiresAt": tokens.expires_at and as_instant(tokens.expires_at),
        "refreshTokenExpiresAt": tokens.refresh_expires_at
        and as_instant(tokens.refresh_expires_at),
        "scopes": tokens.scopes and as_text(",".join(tokens.scopes)),
        **{name: as_text(text) for name, text in sealed.items()},
    }
    sets = {name: value for name, value in found.items() if value}
    return sets, tuple(name for name in _OPTIONAL if name not in sets)


def connected_shop(user_id: str, item: Mapping[str, Any], vault: TokenVault) -> ConnectedShop:
    """The shop in the item; `Permanent` with reason database-error if it cannot be read."""
    stored = StoredItem(f"the shop of user {user_id}", item)
    domain = _domain(stored)
    return ConnectedShop(
        user_id=user_id,
        shop=domain,
        tokens=_tokens(stored, Owner(user_id, domain), vault),
        status=_status(stored),
        updated_at=stored.optional_instant("updatedAt"),
        absence=_absence(stored),
        revision=stored.text(REVISION),
    )


def shop_standing(user_id: str, item: Mapping[str, Any]) -> Standing:
    """How the shop in the item stands; `Permanent` like `connected_shop`, whatever its tokens."""
    stored = StoredItem(f"the shop of user {user_id}", item)
    return Standing(_domain(stored), _status(stored), _absence(stored))


def _tokens(stored: StoredItem, owner: Owner, vault: TokenVault) -> Tokens:
    names = [name for name in _SECRETS if name == REVISION or stored.has(name)]
    try:
        opened = vault.open(owner, {name: _not_empty(stored, name) for name in names})
    except Unsealable as broken:
        raise stored.unreadable(str(broken)) from None
    return Tokens(
        access=opened["accessToken"],
        expires_at=stored.optional_instant("accessTokenExpiresAt"),
        refresh=opened.get("refreshToken"),
        refresh_expires_at=stored.optional_instant("refreshTokenExpiresAt"),
        scopes=tuple(filter(None, (stored.optional_text("scopes") or "").split(","))),
        earlier_refresh=opened.get("earlierRefreshToken"),
    )


def _not_empty(stored: StoredItem, name: str) -> str:
    text = stored.text(name)
    if not text:
        raise stored.unreadable(name)
    return text


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
