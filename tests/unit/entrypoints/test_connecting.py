"""`connect`."""

from __future__ import annotations

import io
import json
import sys
from datetime import timedelta
from typing import Any

import pytest

from domain.erasures import Erasure
from domain.failures import Permanent, Reason
from domain.shops import Tokens
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

    @pytest.mark.parametrize(
        "typed",
        [
            "",
            "\n",
            "two words",
            "shpat_é",
            "x" * 1025,
            "a\nb",
            '"shpat_quoted"',
            '["shpat_listed"]',
        ],
    )
    def test_refuses_what_is_no_token_without_repeating_it(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, typed: str
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        terminal.type(*CONNECT)
        assert terminal.code == 2
        assert terminal.at_hand.directory.find("user-2") is None
        assert not typed.strip() or typed.strip() not in terminal.err

    @pytest.fixture
    def answer(self) -> dict[str, Any]:
        """As Shopify's token endpoint gives it."""
        return {
            "access_token": TOKEN,
            "scope": "read_orders,read_all_orders",
            "expires_in": 3600,
            "refresh_token": "shprt_0123456789abcdef",
            "refresh_token_expires_in": 7_776_000,
        }

    def given(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
    ) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(answer)))
        return terminal.type(*CONNECT)

    def test_takes_what_shopify_answered(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
    ) -> None:
        words = self.given(terminal, monkeypatch, answer)
        shop = terminal.at_hand.directory.find("user-2")
        assert shop is not None
        assert shop.tokens == Tokens(
            access=TOKEN,
            expires_at=NOW + timedelta(hours=1),
            refresh="shprt_0123456789abcdef",
            refresh_expires_at=NOW + timedelta(days=90),
            scopes=("read_orders", "read_all_orders"),
        )
        assert words.endswith("the token expires at 2026-11-23T13:00:00Z\n")
        assert "SYNC_SHOPIFY_CLIENT_ID" in terminal.err
        assert "shprt" not in terminal.out + terminal.err

    def test_warns_of_a_token_that_nothing_can_refresh(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
    ) -> None:
        self.given(terminal, monkeypatch, {**answer, "refresh_token": None})
        assert terminal.code == 0
        assert "has no refresh token" in terminal.err

    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"access_token": None}, "it has no access_token"),
            ({"access_token": "two words"}, "its access_token is no token"),
            ({"refresh_token": 7}, "its refresh_token is no token"),
            ({"expires_in": "soon"}, "its expires_in is no number of seconds"),
            ({"expires_in": -1}, "its expires_in is no number of seconds"),
            ({"scope": ["read_orders"]}, "its scope is no text"),
        ],
    )
    def test_says_what_is_wrong_with_an_answer_and_repeats_none_of_it(
        self,
        terminal: Terminal,
        monkeypatch: pytest.MonkeyPatch,
        answer: dict[str, Any],
        changes: dict[str, Any],
        complaint: str,
    ) -> None:
        self.given(terminal, monkeypatch, {**answer, **changes})
        assert terminal.code == 2
        assert terminal.err.endswith(f"token endpoint: {complaint}\n")
        assert TOKEN not in terminal.err
        assert terminal.at_hand.directory.find("user-2") is None

    def test_refuses_an_answer_that_was_cut_off(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(answer)[:-20]))
        terminal.type(*CONNECT)
        assert (terminal.code, TOKEN in terminal.err) == (2, False)

    def test_changes_nothing_if_the_key_for_tokens_cannot_be_used(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Messages of a user who was purged are dropped until they are connected, not buried."""
        at_hand = terminal.at_hand
        terminal.type("purge", "user-2", "--yes")
        at_hand.directory.key_trouble = Permanent(Reason.DATABASE_ERROR, "KMS denies the key")
        monkeypatch.setattr(sys, "stdin", io.StringIO(TOKEN))
        terminal.type(*CONNECT)
        assert (terminal.code, terminal.err) == (1, "error: KMS denies the key\n")
        assert at_hand.marks.of("user-2").user
        at_hand.directory.key_trouble = None
        monkeypatch.setattr(sys, "stdin", io.StringIO(TOKEN))
        terminal.type(*CONNECT)
        assert not at_hand.marks.of("user-2").user
        assert at_hand.directory.find("user-2") is not None

    def test_lifts_the_mark_of_a_purge_before_it_stores_so_that_another_purge_finds_all(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at_hand = terminal.at_hand
        terminal.type("purge", "user-2", "--yes")
        at_hand.directory.fail_next()
        monkeypatch.setattr(sys, "stdin", io.StringIO(TOKEN))
        terminal.type(*CONNECT)
        assert (terminal.code, at_hand.directory.find("user-2")) == (1, None)
        assert terminal.type_json("purge", "user-2", "--yes")["doneBefore"] is None

    def test_stores_nothing_while_the_user_is_being_purged(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at_hand = terminal.at_hand
        at_hand.marks.begin(Erasure(user_id="user-2", since=NOW))
        monkeypatch.setattr(sys, "stdin", io.StringIO(TOKEN))
        terminal.type(*CONNECT)
        assert terminal.code == 1
        assert "is being purged" in terminal.err
        assert at_hand.directory.find("user-2") is None

    def test_never_shows_the_token(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(TOKEN))
        terminal.type(*CONNECT, "--json")
        assert TOKEN not in terminal.out + terminal.err
