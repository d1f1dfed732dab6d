"""Which shop belongs to a user, and how to reach it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

_SHOP = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
_LONGEST_HOST_NAME = 253
_USER = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,128}")


def shop_domain(text: str) -> str:
    """The shop's permanent domain in lower case.

    Raises ValueError for anything but `name.myshopify.com`: the domain becomes part of a URL that
    carries the access token.
    """
    domain = text.lower()
    if len(domain) > _LONGEST_HOST_NAME or not _SHOP.fullmatch(domain):
        raise ValueError("a shop is named like my-shop.myshopify.com")
    return domain


def user_id(text: str) -> str:
    """The text itself; raises ValueError unless it is 1-128 characters without white space."""
    if not _USER.fullmatch(text):
        raise ValueError("a user id is 1-128 characters without white space or control characters")
    return text


class ShopStatus(StrEnum):
    CONNECTED = "connected"
    REAUTH_REQUIRED = "reauth-required"
    """The merchant has to authorise the app again: its tokens are dead."""
    UNAVAILABLE = "unavailable"
    """The shop is away: frozen, closed or locked."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A shop's credentials; no token shows in a repr.

    A fixed token has neither an expiry nor a refresh token. `earlier_refresh` is the refresh token
    that the pair was got with: Shopify takes it until the new one is used for the first time.
    """

    access: str = field(repr=False)
    expires_at: datetime | None = None
    refresh: str | None = field(default=None, repr=False)
    refresh_expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    """What the token may be used for, where it is known."""
    earlier_refresh: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.access or self.refresh == "":
            raise ValueError("a token is not empty")

    def expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a shop is not read, in words, and since when."""

    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Which shop a user has and whether it is read, without its credentials."""

    shop: str
    status: ShopStatus
    absence: Absence | None = None


@dataclass(frozen=True, slots=True)
class ConnectedShop:
    """A user's shop and the credentials to read it."""

    user_id: str
    shop: str
    tokens: Tokens
    status: ShopStatus = ShopStatus.CONNECTED
    updated_at: datetime | None = None
    absence: Absence | None = None
    """Set while the status is another than connected, where the reason is known."""
    revision: str = field(default="", repr=False, compare=False)
    """Names the credentials as they are stored; the directory sets it."""

    def __post_init__(self) -> None:
        user_id(self.user_id)
        if shop_domain(self.shop) != self.shop:
            raise ValueError("a shop domain is in lower case")

    @property
    def access_token(self) -> str:
        return self.tokens.access

    @property
    def hopeless(self) -> bool:
        """Whether nothing can be asked until the merchant has authorised the app again.

        A fixed token that was refused may be tried again: that is how it is found to be good.
        """
        return self.status is ShopStatus.REAUTH_REQUIRED and self.tokens.refresh is not None

    @property
    def worth_a_look(self) -> bool:
        """Whether it is not read, and may be found to work by who asks."""
        return self.status is not ShopStatus.CONNECTED and not self.hopeless
