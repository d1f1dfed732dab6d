"""`connect`."""

from __future__ import annotations

import io
import sys

import pytest

from tests.at_hand import Terminal
from tests.builders import NOW

CONNECT = ("connect", "user-2", "Another-Shop.myshopify.com")
TOKEN = "shpat_0123456789abcdef"


class TestConnect:
    def test_takes_the_token_from_standard_input(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{TOKEN}\n"))
        words = terminal.type(*CONNECT)
        shop = terminal.at_hand.directory.find("user-2")
        assert shop is not None
        assert (shop.access_token, shop.updated_at) == (TOKEN, NOW)
        assert shop.shop == "another-shop.myshopify.com"
        assert words == "connected user-2 to another-shop.myshopify.com\n"

    def test_takes_the_token_from_the_environment(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SYNC_ACCESS_TOKEN", TOKEN)
        terminal.type(*CONNECT)
        shop = terminal.at_hand.directory.find("user-2")
        assert shop is not None
        assert shop.access_token == TOKEN

    @pytest.mark.parametrize("typed", ["", "\n", "two words", "shpat_é", "x" * 1025, "a\nb"])
    def test_refuses_what_is_no_token_without_repeating_it(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, typed: str
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        terminal.type(*CONNECT)
        assert terminal.code == 2
        assert terminal.at_hand.directory.find("user-2") is None
        assert not typed.strip() or typed.strip() not in terminal.err

    def test_never_shows_the_token(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(TOKEN))
        terminal.type(*CONNECT, "--json")
        assert TOKEN not in terminal.out + terminal.err
