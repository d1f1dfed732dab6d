"""`check` and `bootstrap`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from config.settings import SettingsError, load
from domain.failures import Permanent, Reason
from entrypoints.commands.opening import Problem
from entrypoints.inspection import Doctor, Finding, Level, in_force
from tests.at_hand import Found, Terminal
from tests.builders import NOW
from tests.fakes.clock import FakeClock


def nothing() -> Sequence[Problem]:
    return ()


def denied() -> datetime:
    raise Permanent(Reason.DATABASE_ERROR, "asking AWS for the time: AccessDenied")


def unset() -> Sequence[Problem]:
    raise SettingsError("SYNC_QUEUE_URL is not set")


class TestCheck:
    def test_says_that_all_is_well(self, terminal: Terminal) -> None:
        words = terminal.type("check")
        assert terminal.code == 0
        assert "ok     queues     as they should be" in words
        assert "SYNC_QUEUE_URL             http://sqs.test/1/sync" in words

    def test_says_what_is_wrong_and_how_to_mend_it(self, terminal: Terminal) -> None:
        terminal.at_hand.problems.append(Found("queue sync does not exist", "run bootstrap"))
        words = terminal.type("check")
        assert "problem   queues     queue sync does not exist" in words
        assert "-> run bootstrap" in words
        assert (terminal.code, terminal.err) == (1, "error: problems found: 1\n")

    def test_warns_of_variables_that_are_misspelt(self, terminal: Terminal) -> None:
        terminal.at_hand.misspelt_variables = ("SYNC_PAGESIZE",)
        findings = terminal.type_json("check")["findings"]
        [finding] = [each for each in findings if "SYNC_PAGESIZE" in each["text"]]
        assert finding["level"] == "warn"
        assert terminal.code == 0

    def test_warns_that_tokens_are_not_encrypted(self, terminal: Terminal) -> None:
        findings = terminal.type_json("check")["findings"]
        assert [each["level"] for each in findings if each["area"] == "tokens"] == ["warn"]

    @pytest.mark.parametrize(
        ("trouble", "level", "code"),
        [(None, "ok", 0), (Permanent(Reason.DATABASE_ERROR, "AccessDenied"), "problem", 1)],
    )
    def test_proves_the_key_that_encrypts_them(
        self, terminal: Terminal, trouble: Exception | None, level: str, code: int
    ) -> None:
        terminal.at_hand.more_settings = {"tokens_kms_key": "alias/tokens"}
        terminal.at_hand.vault_trouble = trouble
        findings = terminal.type_json("check")["findings"]
        assert [each["level"] for each in findings if each["area"] == "tokens"] == [level]
        assert terminal.code == code

    @pytest.mark.parametrize(
        ("skew", "level", "code"), [(-2, "ok", 0), (60, "warn", 0), (-600, "problem", 1)]
    )
    def test_compares_the_clocks(
        self, terminal: Terminal, skew: int, level: str, code: int
    ) -> None:
        terminal.at_hand.skew = timedelta(seconds=skew)
        findings = terminal.type_json("check")["findings"]
        assert [each["level"] for each in findings if each["area"] == "clock"] == [level]
        assert terminal.code == code


class TestDoctor:
    def test_looks_on_when_one_thing_cannot_be_looked_at(self) -> None:
        doctor = Doctor(load(), (), denied, unset, nothing, FakeClock(), nothing)
        found = {finding.area: finding for finding in doctor().findings}
        assert found["aws"].level is Level.PROBLEM
        assert found["queues"] == Finding(
            Level.PROBLEM, "queues", "SYNC_QUEUE_URL is not set", "set it"
        )
        assert found["tables"].level is Level.OK
        assert doctor().problems == 2

    def test_shows_no_secret(self) -> None:
        settings = load(shopify_client_id="id", shopify_client_secret="hush")
        assert "hush" not in str(in_force(settings))
        assert in_force(settings)["SYNC_SHOPIFY_CLIENT_SECRET"] == "**********"

    def test_asks_aws_for_the_time_once(self) -> None:
        asked: list[datetime] = []

        def time() -> datetime:
            asked.append(NOW)
            return NOW

        Doctor(load(), (), time, nothing, nothing, FakeClock(), nothing)()
        assert asked == [NOW]


class TestBootstrap:
    def test_says_what_it_did(self, terminal: Terminal) -> None:
        done = ["table orders created", "queue shopify-sync exists"]
        assert terminal.type("bootstrap").splitlines() == done
        assert terminal.type_json("bootstrap") == {"done": done}
