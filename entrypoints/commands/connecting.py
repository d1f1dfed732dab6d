"""`connect`: whose shop is which."""

from __future__ import annotations

import json
import os
import re
import sys
from datetime import datetime

import typer

from domain.shops import ConnectedShop, Tokens
from entrypoints.commands.arguments import AsJson, Shop, User
from entrypoints.commands.complaints import Refused, WrongUsage
from entrypoints.commands.opening import objects
from entrypoints.commands.printing import note, tell
from entrypoints.presenting import instant

VARIABLE = "SYNC_ACCESS_TOKEN"  # the variable's name, no token
_LONGEST = 16_384
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,1024}")


def connect(context: typer.Context, user: User, shop: Shop, *, as_json: AsJson = False) -> None:
    """Store the access token of a user's shop.

    It replaces an earlier one. Read from standard input, or from the variable SYNC_ACCESS_TOKEN:
    the access token, or, for one that expires, the JSON that Shopify's token endpoint answered with
    (access_token, expires_in, refresh_token, refresh_token_expires_in, scope). On a terminal it is
    asked for and not shown. It is never an argument: those are visible to everybody on the machine.
    """
    given = (os.environ.get(VARIABLE) or _typed()).strip()
    if not given:
        raise WrongUsage(f"no access token: pipe it in, or set {VARIABLE}")
    at_hand = objects(context)
    now = at_hand.clock().now()
    tokens = _answer(given, now) if given.startswith("{") else _fixed(given)
    store = at_hand.shops().prepare(ConnectedShop(user, shop, tokens, updated_at=now))
    # Before the credentials are there: a purge that is asked for in between removes them again.
    if not at_hand.erasures().lift(user):
        raise Refused(f"{user} is being purged: let `purge {user}` come to its end, then connect")
    store()
    if tokens.expires_at is not None:
        _warn(tokens, can_refresh=at_hand.settings().shopify_client_id is not None)
    expires = instant(tokens.expires_at)
    tell(
        {"userId": user, "shop": shop, "accessTokenExpiresAt": expires},
        f"connected {user} to {shop}" + (f"; the token expires at {expires}" if expires else ""),
        as_json=as_json,
    )


def _fixed(text: str) -> Tokens:
    if not _TOKEN.fullmatch(text):
        raise WrongUsage("that is no access token: it is one word of letters, digits and ._~+/=-")
    return Tokens(text)


def _answer(text: str, now: datetime) -> Tokens:
    from adapters.shopify_grant_answers import tokens_in  # noqa: PLC0415 - --help needs none of it

    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise WrongUsage("that begins like JSON, but is none, or was cut off") from None
    try:
        return tokens_in(content, now)
    except ValueError as error:
        raise WrongUsage(f"that is no answer of Shopify's token endpoint: {error}") from None


def _warn(tokens: Tokens, *, can_refresh: bool) -> None:
    if tokens.refresh is None:
        note("warning: the token expires and has no refresh token: connect again before it does")
    elif not can_refresh:
        note(
            "warning: the token expires, and cannot be refreshed before the workers have "
            "SYNC_SHOPIFY_CLIENT_ID and SYNC_SHOPIFY_CLIENT_SECRET"
        )


def _typed() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.read(_LONGEST)
    return str(
        typer.prompt("Access token", hide_input=True, default="", show_default=False, err=True)
    )
