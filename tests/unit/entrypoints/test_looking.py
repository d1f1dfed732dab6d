"""`status` and `failed`."""

from __future__ import annotations

import json
from datetime import timedelta

from domain.checkpoints import Totals
from domain.erasures import Erasure
from domain.failures import Interrupted
from domain.messages import RunKey, SyncType
from tests.at_hand import Terminal, a_failed_batch
from tests.builders import NOW, USER, a_run

DAILY = RunKey(USER, SyncType.DAILY)


class TestStatus:
    def test_shows_every_type_of_sync(self, terminal: Terminal) -> None:
        totals = Totals(1500, 2, expected=4000)
        terminal.at_hand.runs.given(a_run(totals=totals, due_at=NOW + timedelta(seconds=60)))
        terminal.at_hand.runs.given(a_run(key=DAILY))
        heading, manual, daily = terminal.type("status", USER).splitlines()
        assert heading.split() == [
            *("type", "status", "saved", "failed", "expected", "next", "last", "error"),
        ]
        assert "1,500" in manual
        assert "page 1 in 1 min" in manual
        assert daily.startswith("daily")

    def test_shows_one_type_if_asked(self, terminal: Terminal) -> None:
        terminal.at_hand.runs.given(a_run())
        terminal.at_hand.runs.given(a_run(key=DAILY))
        [only] = terminal.type_json("status", USER, "--type", "daily")
        assert only["syncType"] == "daily"

    def test_says_that_there_is_none(self, terminal: Terminal) -> None:
        assert terminal.type("status", USER).startswith("no sync of user-1 is known")
        assert terminal.code == 0
        assert terminal.type_json("status", USER) == []

    def test_says_that_the_shop_is_away_and_why(self, terminal: Terminal) -> None:
        directory = terminal.at_hand.directory
        terminal.at_hand.runs.given(a_run())
        assert terminal.type_json("status", USER)[0]["shopStatus"] == "connected"
        shop = directory.find(USER)
        assert shop is not None
        directory.park(shop, "the shop is not available (HTTP 402)")
        first = terminal.type("status", USER).splitlines()[0]
        assert first == (
            f"{shop.shop} is unavailable since 2026-11-23T12:00:00Z: "
            "the shop is not available (HTTP 402)"
        )
        [run] = terminal.type_json("status", USER)
        assert (run["shopStatus"], run["shopStatusReason"], run["shopStatusSince"]) == (
            "unavailable",
            "the shop is not available (HTTP 402)",
            "2026-11-23T12:00:00Z",
        )

    def test_says_that_the_shop_is_away_though_no_run_is_known(self, terminal: Terminal) -> None:
        directory = terminal.at_hand.directory
        shop = directory.find(USER)
        assert shop is not None
        directory.park(shop, "the shop is not available (HTTP 402)")
        [nothing] = terminal.type_json("status", USER)
        assert nothing == {
            "userId": USER,
            "syncType": None,
            "shop": shop.shop,
            "runId": None,
            "status": None,
            "shopStatus": "unavailable",
            "shopStatusReason": "the shop is not available (HTTP 402)",
            "shopStatusSince": "2026-11-23T12:00:00Z",
            "purgeSince": None,
            "purgedAt": None,
        }
        away, none = terminal.type("status", USER).splitlines()
        assert away.startswith(f"{shop.shop} is unavailable since")
        assert none.startswith("no sync of user-1 is known")

    def test_says_that_the_user_was_purged_and_when(self, terminal: Terminal) -> None:
        terminal.type("purge", USER, "--yes")
        assert terminal.type("status", USER) == (
            "user-1 was purged: everything was removed by 2026-11-23T12:03:00Z, and messages are "
            "dropped until `connect`\n"
        )
        [nothing] = terminal.type_json("status", USER)
        assert (nothing["status"], nothing["shop"], nothing["shopStatus"]) == (None, None, None)
        assert (nothing["purgeSince"], nothing["purgedAt"]) == (
            "2026-11-23T12:00:00Z",
            "2026-11-23T12:03:00Z",
        )

    def test_says_that_the_user_is_being_purged(self, terminal: Terminal) -> None:
        at_hand = terminal.at_hand
        at_hand.directory.forget(USER)
        at_hand.marks.begin(Erasure(user_id=USER, since=NOW))
        words = "user-1 is being purged, since 2026-11-23T12:00:00Z\n"
        assert terminal.type("status", USER) == words
        [nothing] = terminal.type_json("status", USER)
        assert (nothing["purgeSince"], nothing["purgedAt"]) == ("2026-11-23T12:00:00Z", None)

    def test_has_nothing_to_say_of_a_purge_once_the_user_is_back(self, terminal: Terminal) -> None:
        terminal.type("purge", USER, "--yes")
        terminal.at_hand.marks.lift(USER)
        assert terminal.type("status", USER).startswith("no sync of user-1 is known")
        assert terminal.type_json("status", USER) == []

    def test_prints_what_changes_while_it_watches(self, terminal: Terminal) -> None:
        at_hand = terminal.at_hand
        at_hand.runs.given(a_run())

        def one_second_later() -> None:
            if len(at_hand.pause.waits) == 2:
                at_hand.runs.given(a_run(totals=Totals(250)))
            if len(at_hand.pause.waits) == 4:
                raise Interrupted

        at_hand.meanwhile = one_second_later
        lines = terminal.type("status", USER, "--watch", "--json").splitlines()
        assert [json.loads(line)[0]["totalSaved"] for line in lines] == [0, 250]


class TestFailed:
    def test_names_the_orders_and_why(self, terminal: Terminal) -> None:
        batch = a_failed_batch(attempts=3, created_at=NOW - timedelta(hours=2))
        terminal.at_hand.batches.add(batch)
        line = terminal.type("failed", USER).splitlines()[1]
        for part in (batch.batch_id, "2: 11, 12", "too-large", "3", "(2 h)", "400 KB"):
            assert part in line

    def test_shows_no_more_than_the_first_of_many_orders(self, terminal: Terminal) -> None:
        ids = tuple(str(number) for number in range(100, 125))
        terminal.at_hand.batches.add(a_failed_batch(order_ids=ids))
        assert "25: 100, 101, 102 …" in terminal.type("failed", USER)
        [batch] = terminal.type_json("failed", USER)
        assert batch["orderIds"] == list(ids)

    def test_looks_at_one_type_if_asked(self, terminal: Terminal) -> None:
        terminal.at_hand.batches.add(a_failed_batch())
        assert terminal.type_json("failed", USER, "--type", "daily") == []
        assert terminal.type("failed", USER, "--type", "daily") == "no order of user-1 has failed\n"
