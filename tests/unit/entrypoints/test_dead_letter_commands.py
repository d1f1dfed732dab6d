"""`dlq list` and `dlq redrive`."""

from __future__ import annotations

import json

import pytest

from tests.at_hand import Terminal

BODY = json.dumps({"type": "sync-page", "userId": "user-1", "syncType": "manual"})
ATTRIBUTES = {"reason": "unknown-shop", "error": "no shop is connected", "receiveCount": "2"}


@pytest.fixture(autouse=True)
def _letters(terminal: Terminal) -> None:
    bury = terminal.at_hand.inbox.bury
    bury(BODY, "user-1", ATTRIBUTES)
    bury("not json", None, {"reason": "invalid-message", "error": "the body is not JSON"})
    bury(BODY.replace("user-1", "user-2"), "user-2", {})


class TestDlqList:
    def test_shows_reason_user_and_what_went_wrong(self, terminal: Terminal) -> None:
        _, first, second, third = terminal.type("dlq", "list").splitlines()
        for part in ("unknown-shop", "sync-page", "user-1", "manual", "no shop is connected"):
            assert part in first
        assert second.startswith("invalid-message")
        assert third.startswith("unknown ")

    def test_prints_whole_messages_for_machines(self, terminal: Terminal) -> None:
        first, second, _ = terminal.type_json("dlq", "list")
        assert (first["reason"], first["receiveCount"]) == ("unknown-shop", 2)
        assert second["body"] == "not json"

    @pytest.mark.parametrize(
        ("options", "count"),
        [
            (("--reason", "unknown-shop"), 1),
            (("--reason", "unknown"), 1),
            (("--user", "user-2"), 1),
            (("--limit", "2"), 2),
            (("--user", "user-3"), 0),
        ],
    )
    def test_shows_what_was_asked_for(
        self, terminal: Terminal, options: tuple[str, ...], count: int
    ) -> None:
        assert len(terminal.type_json("dlq", "list", *options)) == count
        terminal.type("dlq", "list", *options)
        assert ("no message" in terminal.out) is (count == 0)


class TestDlqRedrive:
    def test_moves_messages_back_unchanged(self, terminal: Terminal) -> None:
        words = terminal.type("dlq", "redrive", "--user", "user-1")
        assert words.endswith("moved 1 message\n")
        [moved] = terminal.at_hand.inbox.stored.values()
        assert (moved.body, moved.group) == (BODY, "user-1")
        assert len(terminal.at_hand.inbox.dead) == 2

    def test_only_shows_them_in_a_dry_run(self, terminal: Terminal) -> None:
        found = terminal.type_json("dlq", "redrive", "--dry-run")
        assert (found["dryRun"], found["count"], len(found["messages"])) == (True, 3, 3)
        assert len(terminal.at_hand.inbox.dead) == 3
        assert terminal.type("dlq", "redrive", "--dry-run").endswith("would move 3 messages\n")

    def test_of_nothing_is_no_failure(self, terminal: Terminal) -> None:
        assert terminal.type("dlq", "redrive", "--reason", "bug") == "moved 0 messages\n"
        assert terminal.code == 0
