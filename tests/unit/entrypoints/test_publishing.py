"""`publish` and `publish-daily`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from domain.checkpoints import Checkpoint, RunStatus, Totals
from domain.erasures import Erasure
from domain.failures import LastError, Permanent, Reason
from domain.messages import SyncType
from domain.shops import ShopStatus, Tokens
from tests.at_hand import AtHand, Terminal
from tests.builders import KEY, NOW, a_chain, a_run, a_shop

PUBLISH = ("publish", "user-1", "--type", "manual")
OURS = a_run(chain=a_chain(request_id="mine"), totals=Totals(250, 0, expected=600))
THEIRS = a_run(chain=a_chain(request_id="another's"), run_id="run-0")


def completed(run: Checkpoint) -> Checkpoint:
    totals = Totals(600, 0, expected=600)
    return replace(run, status=RunStatus.COMPLETED, completed_at=NOW, totals=totals)


def failed(run: Checkpoint) -> Checkpoint:
    error = LastError(Reason.UNKNOWN_SHOP, "no shop is connected")
    return replace(run, status=RunStatus.FAILED, last_error=error, last_error_at=NOW)


def one_after_the_other(at_hand: AtHand, *states: Checkpoint | None) -> Callable[[], object]:
    """Each wait brings the next state; waiting longer than that fails the test."""
    coming = iter(states)

    def next_state() -> None:
        state = next(coming)
        if state is None:
            at_hand.runs.clear(KEY)
        else:
            at_hand.runs.given(state)

    return next_state


class TestPublish:
    def test_sends_the_request_and_says_its_id(self, terminal: Terminal) -> None:
        assert terminal.type(*PUBLISH) == "published: requestId id-1\n"
        [body] = terminal.at_hand.bodies
        assert body["type"] == "sync-page"
        assert (body["userId"], body["syncType"]) == ("user-1", "manual")
        assert body["requestId"] == "id-1"

    def test_passes_on_what_was_asked_for(self, terminal: Terminal) -> None:
        options = ("--restart", "--request-id", "r", "--updated-since", "2026-11-01T02:00:00+02:00")
        found = terminal.type_json(*PUBLISH, *options)
        assert found == {"requestId": "r", "userId": "user-1", "syncType": "manual"}
        [body] = terminal.at_hand.bodies
        assert (body["requestId"], body["mode"]) == ("r", "restart")
        assert body["updatedSince"].startswith("2026-11-01T00:00:00")

    def test_sends_again_what_may_not_have_been_sent(self, terminal: Terminal) -> None:
        terminal.at_hand.sender.lose_next_answer()
        terminal.type(*PUBLISH)
        first, second = terminal.at_hand.bodies
        assert terminal.code == 0
        assert first == second

    def test_fails_if_the_queue_stays_away(self, terminal: Terminal) -> None:
        terminal.at_hand.sender.fail_next(times=3)
        terminal.type(*PUBLISH)
        assert terminal.code == 1
        assert terminal.err == "error: the database does not answer\n"


class TestFollowing:
    def test_shows_the_run_until_it_has_ended(self, terminal: Terminal) -> None:
        at_hand = terminal.at_hand
        at_hand.meanwhile = one_after_the_other(at_hand, OURS, OURS, completed(OURS))
        lines = terminal.type(*PUBLISH, "--request-id", "mine", "--follow").splitlines()
        assert lines == [
            "waiting for a worker to take the request up",
            "saved 250 of 600, failed 0, page 1 now",
            "completed: saved 600 of 600, failed 0, 350 orders/s",
            "completed: 600 orders saved, 0 failed",
        ]
        assert terminal.code == 0

    def test_fails_with_the_run_and_says_why(self, terminal: Terminal) -> None:
        at_hand = terminal.at_hand
        at_hand.meanwhile = one_after_the_other(at_hand, OURS, failed(OURS))
        terminal.type(*PUBLISH, "--request-id", "mine", "--follow")
        assert terminal.code == 1
        assert terminal.err == (
            "error: the run failed at page 1: unknown-shop: no shop is connected\n"
        )

    def test_prints_json_lines_for_machines(self, terminal: Terminal) -> None:
        at_hand = terminal.at_hand
        at_hand.meanwhile = one_after_the_other(at_hand, OURS, completed(OURS))
        out = terminal.type(*PUBLISH, "--request-id", "mine", "--follow", "--json")
        request, *sights = [json.loads(line) for line in out.splitlines()]
        assert request["requestId"] == "mine"
        assert [sight["stage"] for sight in sights] == ["waiting", "running", "ended"]
        assert sights[-1]["run"]["totalSaved"] == 600

    def test_follows_no_run_of_a_user_who_was_purged(self, terminal: Terminal) -> None:
        at_hand = terminal.at_hand
        at_hand.erasures().begin(Erasure(user_id=OURS.key.user_id, since=NOW))
        terminal.type(*PUBLISH, "--follow")
        assert terminal.code == 1
        assert terminal.err == (
            f"error: {OURS.key.user_id} was purged: requests are dropped until "
            "`shopify-sync connect`\n"
        )
        assert not at_hand.bodies

    def test_follows_a_run_that_goes_on_already(self, terminal: Terminal) -> None:
        at_hand = terminal.at_hand
        at_hand.runs.given(THEIRS)
        ended = completed(THEIRS)
        at_hand.meanwhile = one_after_the_other(at_hand, *[ended] * 20)
        terminal.type(*PUBLISH, "--request-id", "mine", "--follow")
        assert terminal.err == "a run is already going on: following it\n"
        assert terminal.code == 0

    def test_survives_a_database_that_stumbles(self, terminal: Terminal) -> None:
        at_hand = terminal.at_hand
        step = one_after_the_other(at_hand, OURS, completed(OURS))

        def stumble() -> None:
            step()
            at_hand.runs.fail_next(times=len(at_hand.pause.waits) == 1)

        at_hand.meanwhile = stumble
        terminal.type(*PUBLISH, "--request-id", "mine", "--follow")
        assert terminal.code == 0


def park(terminal: Terminal, user_id: str) -> None:
    directory = terminal.at_hand.directory
    directory.connect(a_shop(user_id))
    found = directory.find(user_id)
    assert found is not None
    assert directory.park(found, "the shop is not available (HTTP 402)")


class TestPublishDaily:
    def test_asks_for_every_connected_shop(self, terminal: Terminal) -> None:
        directory = terminal.at_hand.directory
        directory.connect(a_shop("user-2"))
        dead = replace(a_shop("dead"), tokens=Tokens("a", refresh="b"))
        directory.connect(replace(dead, status=ShopStatus.REAUTH_REQUIRED))
        park(terminal, "gone")
        assert terminal.type_json("publish-daily") == {"published": 2, "probes": 0, "failed": 0}
        bodies = terminal.at_hand.bodies
        assert {body["userId"] for body in bodies} == {"user-1", "user-2"}
        assert {body["syncType"] for body in bodies} == {SyncType.DAILY.value}
        assert len({body["requestId"] for body in bodies}) == 2

    def test_looks_now_and_then_whether_a_shop_is_back(self, terminal: Terminal) -> None:
        park(terminal, "user-1")
        looks = []
        for _ in range(6):
            terminal.at_hand.time.advance(timedelta(hours=8))
            looks.append(terminal.type_json("publish-daily")["probes"])
        assert looks == [0, 0, 1, 0, 0, 1]
        assert {body["requestId"].startswith("probe:") for body in terminal.at_hand.bodies} == {
            True
        }

    def test_looks_whether_a_fixed_token_works_again(self, terminal: Terminal) -> None:
        found = terminal.at_hand.directory.find("user-1")
        assert found is not None
        terminal.at_hand.directory.require_reauth(found, "the token is not accepted (HTTP 401)")
        terminal.at_hand.time.advance(timedelta(days=1))
        assert terminal.type_json("publish-daily") == {"published": 0, "probes": 1, "failed": 0}

    def test_says_in_words_that_it_looked(self, terminal: Terminal) -> None:
        park(terminal, "user-1")
        terminal.at_hand.time.advance(timedelta(days=1))
        words = "published daily sync requests: 0; shops looked at that were away: 1\n"
        assert terminal.type("publish-daily") == words

    def test_goes_on_after_one_that_could_not_be_published(self, terminal: Terminal) -> None:
        terminal.at_hand.directory.connect(a_shop("user-2"))
        terminal.at_hand.sender.fail_next(times=3)
        terminal.type("publish-daily")
        assert terminal.code == 1
        assert "could not be published: 1" in terminal.err
        assert len(terminal.at_hand.bodies) == 1

    def test_looks_again_soon_if_the_look_could_not_be_asked_for(self, terminal: Terminal) -> None:
        park(terminal, "user-1")
        terminal.at_hand.time.advance(timedelta(days=1))
        terminal.at_hand.sender.fail_next(times=3)
        terminal.type("publish-daily")
        assert terminal.code == 1
        assert terminal.type_json("publish-daily") == {"published": 0, "probes": 1, "failed": 0}
        assert terminal.type_json("publish-daily") == {"published": 0, "probes": 0, "failed": 0}

    def test_looks_again_soon_if_there_is_no_queue(self, terminal: Terminal) -> None:
        park(terminal, "user-1")
        terminal.at_hand.time.advance(timedelta(days=1))
        terminal.at_hand.sender.fail_next(Permanent(Reason.BUG, "the queue does not exist"))
        terminal.type("publish-daily")
        assert terminal.code == 1
        assert terminal.type_json("publish-daily") == {"published": 0, "probes": 1, "failed": 0}


class TestAWait:
    def test_is_half_a_second(self, terminal: Terminal) -> None:
        at_hand = terminal.at_hand
        at_hand.meanwhile = one_after_the_other(at_hand, completed(OURS))
        terminal.type(*PUBLISH, "--request-id", "mine", "--follow")
        assert at_hand.pause.waits == [timedelta(seconds=0.5)]
