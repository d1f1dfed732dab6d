"""`dlq list` and `dlq redrive`."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from botocore.exceptions import ReadTimeoutError

from entrypoints.messages import encode
from tests.at_hand import Terminal
from tests.builders import KEY, USER, a_chain, a_continuation, a_run
from tests.fakes.checkpoints import FakeCheckpoints

BODY = json.dumps({"type": "sync-page", "userId": "user-1", "syncType": "manual"})
ATTRIBUTES = {"reason": "unknown-shop", "error": "no shop is connected", "receiveCount": "2"}
INVALID = {"reason": "invalid-message", "error": "the body is not JSON"}


def bury(terminal: Terminal, body: str, group: str | None = None, **attributes: str) -> None:
    queues = terminal.at_hand.queues
    held = {
        name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
    }
    queues.engine.send_message(
        QueueUrl=queues.urls.dlq, MessageBody=body, MessageGroupId=group, MessageAttributes=held
    )


def left(terminal: Terminal) -> int:
    """How many messages could be received from the dead-letter queue."""
    return terminal.at_hand.queues.visible(terminal.at_hand.queues.urls.dlq)


def moved(terminal: Terminal) -> list[str]:
    return terminal.at_hand.queues.bodies(terminal.at_hand.queues.urls.source)


@pytest.fixture
def three(terminal: Terminal) -> Terminal:
    """A request of user-1, a body that is no message, and one of user-2 without a reason."""
    bury(terminal, BODY, "user-1", **ATTRIBUTES)
    bury(terminal, "not json", None, **INVALID)
    bury(terminal, BODY.replace("user-1", "user-2"), "user-2")
    return terminal


class TestDlqList:
    def test_shows_reason_user_and_what_went_wrong(self, three: Terminal) -> None:
        _, first, second, third = three.type("dlq", "list").splitlines()
        for part in ("unknown-shop", "sync-page", "user-1", "manual", "no shop is connected"):
            assert part in first
        assert second.startswith("invalid-message")
        assert third.startswith("unknown ")
        assert left(three) == 3

    def test_prints_whole_messages_for_machines(self, three: Terminal) -> None:
        first, second, _ = three.type_json("dlq", "list")
        assert (first["reason"], first["receiveCount"]) == ("unknown-shop", 2)
        assert (first["foreseen"], first["dropped"]) == ("starts a run", False)
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
        self, three: Terminal, options: tuple[str, ...], count: int
    ) -> None:
        assert len(three.type_json("dlq", "list", *options)) == count
        three.type("dlq", "list", *options)
        assert ("no message" in three.out) is (count == 0)

    def test_shows_thousands_in_one_table_and_one_document(self, terminal: Terminal) -> None:
        for _ in range(1200):
            bury(terminal, BODY, **ATTRIBUTES)
        assert len(terminal.type("dlq", "list").splitlines()) == 1201
        assert len(terminal.type_json("dlq", "list")) == 1200

    def test_shows_what_no_terminal_can_show(self, terminal: Terminal) -> None:
        body = BODY.replace("user-1", "\\ud800")
        bury(terminal, body)
        (found,) = terminal.type_json("dlq", "list")
        assert (found["body"], found["userId"]) == (body, "\ud800")
        terminal.type("dlq", "list")
        assert terminal.code == 0

    def test_says_which_pages_are_stale(self, terminal: Terminal) -> None:
        store(terminal.at_hand.runs)
        for body in (a_continuation(2), a_continuation(2, chain_id="an-older-chain")):
            bury(terminal, encode(body), USER, reason="shopify-error")
        _, first, second = terminal.type("dlq", "list").splitlines()
        assert "goes on at page 2" in first
        assert "stale: the run has moved on" in second


class TestDlqRedrive:
    def test_moves_messages_back_unchanged(self, three: Terminal) -> None:
        words = three.type("dlq", "redrive", "--user", "user-1")
        assert words.endswith("moved 1 message\n")
        [message] = three.at_hand.queues.take(three.at_hand.queues.urls.source)
        assert (message["Body"], message["Attributes"]["MessageGroupId"]) == (BODY, "user-1")
        assert left(three) == 2

    def test_only_shows_them_in_a_dry_run(self, three: Terminal) -> None:
        found = three.type_json("dlq", "redrive", "--dry-run")
        assert (found["dryRun"], found["count"], len(found["messages"])) == (True, 3, 3)
        assert three.type("dlq", "redrive", "--dry-run").endswith("would move 3 messages\n")
        assert (moved(three), left(three)) == ([], 3)

    def test_counts_in_a_dry_run_what_would_be_dropped(self, terminal: Terminal) -> None:
        store(terminal.at_hand.runs)
        bury(terminal, encode(a_continuation(2, chain_id="an-older-chain")), USER)
        bury(terminal, encode(a_continuation(2)), USER)
        words = terminal.type("dlq", "redrive", "--dry-run")
        assert words.endswith("would move 2 messages, 1 of which would be dropped\n")

    def test_of_nothing_is_no_failure(self, three: Terminal) -> None:
        assert three.type("dlq", "redrive", "--reason", "bug") == "moved 0 messages\n"
        assert three.code == 0
        found = three.type_json("dlq", "redrive", "--reason", "bug")
        assert found == {"messages": [], "dryRun": False, "count": 0, "skipped": 0}

    def test_keeps_to_the_rate(self, terminal: Terminal) -> None:
        for _ in range(21):
            bury(terminal, BODY)
        began = terminal.at_hand.time.now()
        terminal.type("dlq", "redrive", "--rate", "4")
        assert terminal.at_hand.time.now() - began == timedelta(seconds=5)
        assert len(moved(terminal)) == 21

    @pytest.mark.parametrize("rate", ["0", "501", "1.5", "fast"])
    def test_refuses_a_rate_that_makes_no_sense(self, three: Terminal, rate: str) -> None:
        three.type("dlq", "redrive", "--rate", rate)
        assert three.code == 2
        assert three.err.startswith("error: ")
        assert moved(three) == []

    def test_says_how_far_it_is(self, terminal: Terminal) -> None:
        for _ in range(250):
            bury(terminal, BODY)
        terminal.type("dlq", "redrive", "--limit", "220")
        assert terminal.err.splitlines() == ["… 100 messages", "… 200 messages"]
        assert (len(moved(terminal)), left(terminal)) == (220, 30)

    def test_leaves_the_rest_where_it_was_when_interrupted(self, terminal: Terminal) -> None:
        for _ in range(30):
            bury(terminal, BODY)
        terminal.at_hand.meanwhile = terminal.at_hand.pause.stop
        terminal.type("dlq", "redrive", "--rate", "1")
        assert terminal.code == 130
        assert "interrupted: the others are where they were" in terminal.err
        assert "moved 1 message\n" in terminal.out
        assert (len(moved(terminal)), left(terminal)) == (1, 29)

    @pytest.mark.parametrize("options", [("list",), ("redrive",), ("redrive", "--dry-run")])
    def test_gives_back_what_it_holds_at_a_sigterm(
        self, terminal: Terminal, options: tuple[str, ...]
    ) -> None:
        for _ in range(30):
            bury(terminal, BODY)
        queues, before = terminal.at_hand.queues, signal.getsignal(signal.SIGTERM)
        queues.before_calls["receive_message"] = at_the_second(sigterm)
        terminal.type("dlq", *options)
        assert terminal.code == 130
        assert queues.visible(queues.urls.dlq) + len(moved(terminal)) == 30
        assert signal.getsignal(signal.SIGTERM) is before

    def test_says_what_was_moved_before_it_failed(self, terminal: Terminal) -> None:
        for _ in range(5):
            bury(terminal, BODY)
        terminal.at_hand.queues.before_calls["send_message"] = fails_after(terminal, 3)
        terminal.type("dlq", "redrive")
        assert (terminal.code, len(moved(terminal)), left(terminal)) == (1, 3, 2)
        assert "moved 3 messages" in terminal.out
        assert terminal.err == "error: sending a message: ReadTimeoutError\n"


def store(runs: FakeCheckpoints) -> None:
    """A run that is at page 2 of chain-1."""
    runs.begin(a_run(key=KEY, page=2, chain=a_chain(chain_id="chain-1")))


def sigterm() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def at_the_second(call: Callable[[], None]) -> Callable[[], None]:
    calls = count(1)
    return lambda: call() if next(calls) == 2 else None


def fails_after(terminal: Terminal, good: int) -> Callable[[], None]:
    def fail() -> None:
        if len(moved(terminal)) >= good:
            raise ReadTimeoutError(endpoint_url="sqs")

    return fail
