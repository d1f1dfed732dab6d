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
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class ConnectedShop:
    """A user's shop and the credentials to read it; the token never shows in a repr."""

    user_id: str
    shop: str
    access_token: str = field(repr=False)
    status: ShopStatus = ShopStatus.CONNECTED
    updated_at: datetime | None = None

    def __post_init__(self) -> None:
        user_id(self.user_id)
        if shop_domain(self.shop) != self.shop:
            raise ValueError("a shop domain is in lower case")
        if not self.access_token:
            raise ValueError("an access token is not empty")
