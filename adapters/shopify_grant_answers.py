"""What Shopify's token endpoint says: tokens, or why there are none. No token is ever quoted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

from adapters.shopify_answers import content_in, unreadable
from adapters.shopify_refusals import refusal
from adapters.shopify_transport import RawAnswer
from domain.failures import (
    ClientRefused,
    Failure,
    RateLimited,
    Reason,
    RefreshRefused,
    SecurityRejected,
    TokenRefused,
    Transient,
)
from domain.orders import Json
from domain.shops import Tokens

_TOKEN = re.compile(r"[!-~]{1,1024}")
_SCOPE = re.compile(r"[a-z_0-9]{1,64}")
_LONGEST_LIFE = timedelta(days=3650)
_OF_OAUTH = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def granted(raw: RawAnswer, now: datetime) -> Tokens:
    """A new pair that was asked for at `now`; raises what another answer stands for."""
    if raw.status != HTTPStatus.OK:
        raise _meaning(raw)
    try:
        tokens = tokens_in(content_in(raw), now)
    except ValueError as error:
        raise unreadable(str(error)) from None
    if tokens.refresh is None or tokens.expires_at is None:
        raise unreadable("it has no refresh_token or no expires_in")
    return tokens


def tokens_in(content: Mapping[str, Json], now: datetime) -> Tokens:
    """The tokens in an answer of the token endpoint that was asked at `now`.

    ValueError names what is wrong, and no value. Source of the members:
    shopify.dev/docs/apps/build/authentication-authorization/access-tokens.
    """
    access = _token(content, "access_token")
    if access is None:
        raise ValueError("it has no access_token")
    scopes = content.get("scope") or ""
    if not isinstance(scopes, str):
        raise ValueError("its scope is no text")  # noqa: TRY004 - of a value from outside
    return Tokens(
        access=access,
        expires_at=_end(content, "expires_in", now),
        refresh=_token(content, "refresh_token"),
        refresh_expires_at=_end(content, "refresh_token_expires_in", now),
        scopes=tuple(each for each in re.split(r"[,\s]+", scopes) if _SCOPE.fullmatch(each)),
    )


def _token(content: Mapping[str, Json], name: str) -> str | None:
    value = content.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise ValueError(f"its {name} is no token")
    return value


def _end(content: Mapping[str, Json], name: str, now: datetime) -> datetime | None:
    value = content.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError(f"its {name} is no number of seconds")
    return now + min(timedelta(seconds=min(value, 10**9)), _LONGEST_LIFE)


def _meaning(raw: RawAnswer) -> Failure | RateLimited | SecurityRejected:
    """A refresh token counts as dead only where Shopify says so; nothing else disables a shop."""
    error, description = _oauth_error(raw)
    if error == "invalid_client":
        return ClientRefused(
            "Shopify does not accept the app's SYNC_SHOPIFY_CLIENT_ID and "
            f"SYNC_SHOPIFY_CLIENT_SECRET (HTTP {raw.status})"
        )
    no_longer_active = error == "invalid_request" and "active refresh_token" in description
    if error == "invalid_grant" or no_longer_active:
        return RefreshRefused(f"the refresh token is not active any more (HTTP {raw.status})")
    failure = refusal(raw)
    if isinstance(failure, TokenRefused):
        said = f"Shopify did not refresh the access token (HTTP {raw.status})"
        return Transient(Reason.SHOPIFY_ERROR, said)
    return failure


def _oauth_error(raw: RawAnswer) -> tuple[str, str]:
    """The code and the description of an error as OAuth writes it (RFC 6749, 5.2)."""
    if raw.status not in _OF_OAUTH:
        return "", ""
    try:
        content = content_in(raw)
    except Transient:
        return "", ""
    return str(content.get("error", "")), str(content.get("error_description", ""))
