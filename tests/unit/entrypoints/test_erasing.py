"""`purge` and `redact`."""

from __future__ import annotations

import io
import sys
from datetime import timedelta
from typing import Any

import pytest

from domain.erasures import Erasure
from domain.leases import FixedLease
from domain.messages import RunKey, SyncType
from tests.at_hand import MINUTES, Terminal, a_failed_batch
from tests.builders import KEY, NOW, USER, a_run, a_shop, an_order

PURGE = ("purge", USER, "--yes")
REDACT = ("redact", USER, "--customer", "7", "--yes")


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


def store_orders(terminal: Terminal) -> None:
    customer: Any = {"id": "gid://shopify/Customer/7", "legacyResourceId": "7"}
    orders = (an_order(1, customer=customer, email="a@example.com"), an_order(2), an_order(3))
    lease = FixedLease.lasting(terminal.at_hand.time, timedelta(hours=1))
    terminal.at_hand.stored_orders.save(a_shop(), orders, lease)


class TestPurge:
    def test_removes_everything_of_the_user(self, terminal: Terminal) -> None:
        store_orders(terminal)
        at_hand = terminal.at_hand
        at_hand.runs.given(a_run())
        at_hand.runs.given_watermark(USER, NOW)
        at_hand.batches.add(a_failed_batch(key=RunKey(USER, SyncType.DAILY)))
        assert terminal.type(*PURGE) == "removed everything of user-1, 3 orders among it\n"
        assert terminal.code == 0
        assert at_hand.stored_orders.of(USER) == {}
        assert at_hand.directory.find(USER) is None
        assert (at_hand.runs.find(KEY), at_hand.runs.watermark(USER)) == (None, None)
        assert at_hand.batches.all == ()

    def test_waits_for_writes_that_are_under_way_before_it_removes_orders(
        self, terminal: Terminal
    ) -> None:
        store_orders(terminal)
        seen: list[tuple[int, bool]] = []

        def look() -> None:
            orders = len(terminal.at_hand.stored_orders.of(USER))
            seen.append((orders, terminal.at_hand.directory.find(USER) is None))

        terminal.at_hand.meanwhile = look
        terminal.type(*PURGE)
        assert seen == [(3, True)]
        assert terminal.at_hand.time.now() == NOW + MINUTES
        assert terminal.err.startswith("waiting for writes that are under way, until 2026-11-23T")

    def test_says_that_it_was_done_before(self, terminal: Terminal) -> None:
        terminal.type(*PURGE)
        done = terminal.type_json(*PURGE)
        assert done == {"userId": USER, "orders": 0, "doneBefore": "2026-11-23T12:03:00Z"}
        assert terminal.type(*PURGE) == "nothing to do: it was done on 2026-11-23T12:03:00Z\n"

    def test_goes_on_where_it_was_broken_off(self, terminal: Terminal) -> None:
        store_orders(terminal)
        terminal.at_hand.pause.stop()
        terminal.type(*PURGE)
        assert (terminal.code, len(terminal.at_hand.stored_orders.of(USER))) == (130, 3)
        terminal.at_hand.pause = type(terminal.at_hand.pause)(terminal.at_hand.time.advance)
        assert terminal.type_json(*PURGE)["orders"] == 3

    @pytest.mark.parametrize("command", [PURGE, REDACT])
    def test_asks_before_what_cannot_be_undone(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
    ) -> None:
        store_orders(terminal)
        monkeypatch.setattr(sys, "stdin", io.StringIO(""))
        terminal.type(*command[:-1])
        assert terminal.code == 2
        assert terminal.err.startswith("error: this cannot be undone: say --yes")
        monkeypatch.setattr(sys, "stdin", Keyboard("n\n"))
        terminal.type(*command[:-1])
        assert terminal.code == 1
        assert terminal.err.endswith("error: nothing was changed\n")
        assert terminal.at_hand.stored_orders.of(USER)["1"].fields["email"] == "a@example.com"

    def test_is_said_to_have_failed_if_a_table_does_not_answer(self, terminal: Terminal) -> None:
        terminal.at_hand.marks.fail_next()
        terminal.type(*PURGE)
        assert terminal.code == 1
        assert terminal.err.startswith("error: ")
        assert terminal.err.count("\n") == 1


class TestRedact:
    def test_takes_a_customer_out_of_the_orders(self, terminal: Terminal) -> None:
        store_orders(terminal)
        words = terminal.type(*REDACT, "--order", "2")
        assert words == "took customer 7 out of 2 orders of user-1\n"
        stored = terminal.at_hand.stored_orders.of(USER)
        assert (stored["1"].fields["email"], stored["1"].fields["name"]) == (None, "#1")
        assert len(stored) == 3

    def test_says_so_to_machines(self, terminal: Terminal) -> None:
        store_orders(terminal)
        facts = {"userId": USER, "customerId": "7", "orders": 1, "doneBefore": None}
        assert terminal.type_json(*REDACT) == facts

    @pytest.mark.parametrize("wrong", [("--customer", "Ada"), ("--customer", "7", "--order", "x")])
    def test_refuses_what_is_no_id(self, terminal: Terminal, wrong: tuple[str, ...]) -> None:
        terminal.type("redact", USER, *wrong, "--yes")
        assert terminal.code == 2
        assert "an id of Shopify's is a number" in terminal.err

    def test_needs_a_customer(self, terminal: Terminal) -> None:
        terminal.type("redact", USER, "--yes")
        assert terminal.code == 2


class TestConnectAfterAPurge:
    def connect(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SYNC_ACCESS_TOKEN", "shpat_new")
        terminal.type("connect", USER, "demo-shop.myshopify.com")

    def test_lifts_the_mark(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        terminal.type(*PURGE)
        self.connect(terminal, monkeypatch)
        assert terminal.code == 0
        assert not terminal.at_hand.marks.of(USER)
        assert terminal.at_hand.directory.find(USER) is not None

    def test_is_refused_while_it_is_under_way(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is stored for the new connection would be removed, too."""
        terminal.at_hand.marks.begin(Erasure(user_id=USER, since=NOW))
        terminal.at_hand.directory.forget(USER)
        self.connect(terminal, monkeypatch)
        assert terminal.code == 1
        assert "user-1 is being purged" in terminal.err
        assert terminal.at_hand.directory.find(USER) is None
