"""What happened, written to the log."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from adapters.logs import NAME, Logs, install
from domain.breakers import SHOPIFY, Dependency, Kind
from domain.checkpoints import SourceName
from domain.occurrences import (
    BreakerChanged,
    DeadLettersHeldBack,
    Extended,
    HoldLost,
    LoopSpent,
    MessageSettled,
    Occurrence,
    PageStored,
    ReceiveFailed,
    Reported,
    Retried,
    RunChanged,
    RunEvent,
    ShopChanged,
    ShopEvent,
    WaitedForRateLimit,
)
from tests.builders import KEY

PAGE = PageStored(
    key=KEY,
    run_id="run-1",
    page=3,
    source=SourceName.GRAPHQL,
    saved=248,
    failed=("too-large", "throttled"),
    fetch=timedelta(seconds=1.5),
    store=timedelta(seconds=0.25),
    total=timedelta(seconds=1.8),
)
SETTLED = MessageSettled(
    message_type="sync-page",
    outcome="done",
    message_id="message-1",
    receive_count=2,
    duration=timedelta(seconds=2),
    dwell=timedelta(seconds=120),
    user_id="user-1",
    sync_type="manual",
    page=3,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Written:
    """A log, and what is in it."""

    def __init__(self, out: io.StringIO, log_format: str = "json", level: str = "INFO") -> None:
        self.out = out
        self.logs = Logs(install(out, log_format, level))

    def after(self, *occurrences: Occurrence) -> list[dict[str, Any]]:
        for occurrence in occurrences:
            self.logs.notice(occurrence)
        return self.lines

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger(NAME)
    before = list(root.handlers), root.level, ours.level
    yield
    root.handlers[:], level, our_level = before
    root.setLevel(level)
    ours.setLevel(our_level)
    logging.captureWarnings(capture=False)


@pytest.fixture
def written() -> Written:
    return Written(io.StringIO())


class TestSettledDelivery:
    def test_is_one_line_that_says_it_all(self, written: Written) -> None:
        completed = RunChanged(KEY, "run-1", RunEvent.COMPLETED, lasted=timedelta(minutes=4))
        [line] = written.after(PAGE, completed, SETTLED)
        assert line.pop("ts").endswith("Z")
        assert line == {
            "level": "info",
            "event": "message settled",
            "type": "sync-page",
            "outcome": "done",
            "userId": "user-1",
            "syncType": "manual",
            "page": 3,
            "runId": "run-1",
            "run": "completed",
            "runDuration": 240.0,
            "source": "graphql",
            "saved": 248,
            "failed": 2,
            "failures": {"throttled": 1, "too-large": 1},
            "fetch": 1.5,
            "store": 0.25,
            "duration": 2.0,
            "dwell": 120.0,
            "messageId": "message-1",
            "receiveCount": 2,
        }

    def test_keeps_nothing_for_the_next_one(self, written: Written) -> None:
        _, second = written.after(PAGE, SETTLED, SETTLED)
        assert "saved" not in second

    def test_names_everything_that_happened_to_its_run(self, written: Written) -> None:
        events = (RunEvent.STARTED, RunEvent.COMPLETED)
        [line] = written.after(*(RunChanged(KEY, "run-1", event) for event in events), SETTLED)
        assert line["run"] == "started,completed"

    def test_takes_nothing_from_another_thread(self, written: Written) -> None:
        other = threading.Thread(target=written.logs.notice, args=(PAGE,))
        other.start()
        other.join()
        [line] = written.after(SETTLED)
        assert "saved" not in line

    def test_that_was_dead_lettered_is_an_error_with_its_reason(self, written: Written) -> None:
        [line] = written.after(
            MessageSettled(
                message_type="sync-page",
                outcome="dead-lettered",
                reason="unknown-shop",
                error="no shop is connected",
                message_id="message-1",
                receive_count=1,
                duration=timedelta(0),
                dwell=timedelta(0),
            )
        )
        assert line["level"] == "error"
        assert (line["reason"], line["error"]) == ("unknown-shop", "no shop is connected")


class TestLogs:
    def test_warn_of_trouble_at_once(self, written: Written) -> None:
        lines = written.after(
            Retried("shopify", "timed-out"),
            Reported("api-version", "2026-10 was asked for, 2027-01 answered"),
            ReceiveFailed("connection", "SQS cannot be reached"),
        )
        assert {line["level"] for line in lines} == {"warning"}
        assert [line["event"] for line in lines] == [
            "call retried",
            "api-version",
            "receive failed",
        ]

    def test_tell_of_rate_limits_without_alarm(self, written: Written) -> None:
        wait = WaitedForRateLimit(SourceName.GRAPHQL, timedelta(seconds=2), in_queue=True)
        [line] = written.after(wait)
        assert (line["level"], line["wait"], line["where"]) == ("info", 2.0, "queue")

    def test_tell_of_a_page_by_itself_only_when_debugging(self) -> None:
        assert Written(io.StringIO()).after(PAGE) == []
        [line] = Written(io.StringIO(), level="DEBUG").after(PAGE)
        assert (line["level"], line["event"]) == ("debug", "page stored")


class TestOtherLibraries:
    def test_come_out_in_the_same_shape(self, written: Written) -> None:
        logging.getLogger("urllib3.connectionpool").warning("pool is full: %s", "example.com")
        [line] = written.lines
        assert line["event"] == "pool is full: example.com"
        assert (line["level"], line["logger"]) == ("warning", "urllib3.connectionpool")

    def test_never_debug_because_their_debug_logs_hold_payloads(self) -> None:
        written = Written(io.StringIO(), level="DEBUG")
        library = logging.getLogger("botocore.endpoint")
        library.setLevel(logging.DEBUG)
        try:
            library.debug("body: shpat_secret")
            library.info("body: shpat_secret")
        finally:
            library.setLevel(logging.NOTSET)
        assert written.lines == []

    def test_warnings_of_python_come_out_in_the_same_shape(self, written: Written) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("old", DeprecationWarning, stacklevel=1)
        assert written.lines[0]["logger"] == "py.warnings"


class TestException:
    def test_shows_where_but_never_its_text(self, written: Written) -> None:
        try:
            int("jane@example.com")
        except ValueError:
            logging.getLogger(NAME).exception("failed", extra={"fields": {}})
        [line] = written.lines
        assert line["exception"] == "ValueError"
        assert line["frames"][-1].startswith("test_logs.py:")
        assert "jane" not in written.out.getvalue()


class TestConsole:
    def test_is_a_short_line_for_people(self) -> None:
        written = Written(io.StringIO(), "console")
        written.logs.notice(Reported("api-version", "another one"))
        [line] = written.out.getvalue().splitlines()
        assert line[8:] == ' warning api-version  text="another one"'

    def test_is_coloured_on_a_terminal_only(self) -> None:
        terminal, pipe = Terminal(), io.StringIO()
        for out in (terminal, pipe):
            Written(out, "console").logs.notice(Retried("sqs", "throttled"))
        assert "\x1b[33m" in terminal.getvalue()
        assert "\x1b" not in pipe.getvalue()

    def test_lets_nothing_in_a_value_begin_a_line_or_move_the_cursor(self) -> None:
        written = Written(io.StringIO(), "console")
        written.logs.notice(Reported("a\nb", "x\n12:00:00 error  forged\x1b[2J"))
        [line] = written.out.getvalue().splitlines()
        assert "\x1b" not in line


class TestStream:
    def test_that_is_gone_disturbs_nobody(self, capsys: pytest.CaptureFixture[str]) -> None:
        out = io.StringIO()
        written = Written(out)
        out.close()
        written.logs.notice(SETTLED)
        assert capsys.readouterr().err == ""
        assert not sys.stderr.closed


class TestWhatTheLoopMeets:
    def test_is_an_error_when_something_is_away_and_none_when_it_is_back(
        self, written: Written
    ) -> None:
        shop = Dependency(Kind.SHOP, "demo-shop.myshopify.com")
        written.logs.notice(BreakerChanged(shop, is_open=True, error="no answer"))
        written.logs.notice(BreakerChanged(SHOPIFY, is_open=False, error=""))
        away, back = written.lines
        assert (away["level"], away["event"]) == ("error", "is away")
        assert (away["dependency"], away["name"]) == ("shop", "demo-shop.myshopify.com")
        assert away["error"] == "no answer"
        assert (back["level"], back["dependency"]) == ("info", "shopify")
        assert "name" not in back

    def test_is_an_error_when_dead_letters_are_held_back(self, written: Written) -> None:
        for reached in (True, False):
            written.logs.notice(DeadLettersHeldBack(reached))
        assert [line["level"] for line in written.lines] == ["error", "info"]

    def test_names_the_shop_whose_credentials_are_dead(self, written: Written) -> None:
        for event in (ShopEvent.REAUTH_REQUIRED, ShopEvent.REFRESHED):
            written.logs.notice(ShopChanged("user-1", "demo-shop.myshopify.com", event, "HTTP 401"))
        dead, refreshed = written.lines
        assert (dead["level"], dead["event"]) == ("error", "shop reauth-required")
        assert (dead["userId"], dead["why"]) == ("user-1", "HTTP 401")
        assert refreshed["level"] == "info"

    def test_warns_of_a_lease_that_is_lost(self, written: Written) -> None:
        written.logs.notice(HoldLost("page", "page 3 of run run-1 is somebody else's"))
        (line,) = written.lines
        assert (line["level"], line["event"], line["of"]) == ("warning", "lease lost", "page")

    def test_is_silent_about_what_is_only_counted(self, written: Written) -> None:
        written.logs.notice(LoopSpent("waiting", timedelta(seconds=3)))
        written.logs.notice(Extended("page", 1, 0))
        assert written.lines == []
