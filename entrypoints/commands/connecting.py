"""`connect`: whose shop is which."""

from __future__ import annotations

import os
import re
import sys

import typer

from domain.shops import ConnectedShop, Tokens
from entrypoints.commands.arguments import AsJson, Shop, User
from entrypoints.commands.complaints import WrongUsage
from entrypoints.commands.opening import objects
from entrypoints.commands.printing import tell

VARIABLE = "SYNC_ACCESS_TOKEN"  # the variable's name, no token
_LONGEST_TOKEN = 1024
_TOKEN = re.compile(rf"[!-~]{{1,{_LONGEST_TOKEN}}}")


def connect(context: typer.Context, user: User, shop: Shop, *, as_json: AsJson = False) -> None:
    """Store the access token of a user's shop.

    It replaces an earlier one. The access token is read from standard input, or from the variable
    SYNC_ACCESS_TOKEN; on a terminal it is asked for and not shown. It is never an argument: those
    are visible to everybody on the machine.
    """
    token = _token()
    at_hand = objects(context)
    at_hand.shops().connect(
        ConnectedShop(user, shop, Tokens(token), updated_at=at_hand.clock().now())
    )
    tell({"userId": user, "shop": shop}, f"connected {user} to {shop}", as_json=as_json)


def _token() -> str:
    token = (os.environ.get(VARIABLE) or _typed()).strip()
    if not token:
        raise WrongUsage(f"no access token: pipe it in, or set {VARIABLE}")
    if (
        len(token) > _LONGEST_TOKEN
        or not token.isascii()
        or not token.isprintable()
        or " " in token
    ):
        raise WrongUsage("that is no access token: it is one word of printable ASCII characters")
    return token


def _typed() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.read(2 * _LONGEST_TOKEN)
    return str(
        typer.prompt("Access token", hide_input=True, default="", show_default=False, err=True)
    )
