"""What can be typed, and how a command's end is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import SettingsError
from domain.failures import Interrupted, Permanent, Reason
from tests.at_hand import AtHand, Terminal

COMMANDS = (
    "worker",
    "demo",
    "sandbox",
    "bootstrap",
    "connect",
    "publish",
    "publish-daily",
    "status",
    "failed",
    "retry-failed",
    "clear",
    "dlq",
    "check",
)


def failing(error: Exception) -> AtHand:
    """A world in which the first look at a checkpoint ends like that."""
    at_hand = AtHand()
    at_hand.runs.fail_next(error)
    return at_hand


def press_control_c() -> None:
    raise KeyboardInterrupt


class TestCommandLine:
    @pytest.mark.parametrize("command", COMMANDS)
    def test_explains_each_command(self, terminal: Terminal, command: str) -> None:
        assert f"  {command} " in terminal.type("--help")
        assert terminal.code == 0
        assert "Usage:" in terminal.type(command, "--help")
        assert terminal.code == 0

    def test_shows_its_help_to_whoever_types_nothing(self, terminal: Terminal) -> None:
        assert "Commands:" in terminal.type()
        assert terminal.code == 2

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            (("nonsense",), "No such command 'nonsense'"),
            (("status",), "Missing argument 'USER'"),
            (("status", "two words"), "1-128 characters without white space"),
            (("status", "user\x1b[2J"), "1-128 characters without white space"),
            (("status", "u" * 129), "1-128 characters without white space"),
            (("status", "user-1", "--type", "hourly"), "'initial', 'manual', 'daily'"),
            (("status", "user-1", "--nope"), "No such option: --nope"),
            (("publish", "user-1"), "Missing option '--type'"),
            (
                ("publish", "user-1", "--type", "manual", "--updated-since", "2026-11-01T00:00:00"),
                "offset included",
            ),
            (("publish", "user-1", "--type", "manual", "--request-id", "a b"), "1-256 characters"),
            (("connect", "user-1", "https://shop.example.com"), "my-shop.myshopify.com"),
            (("connect", "user-1", "a.myshopify.com.evil.com"), "my-shop.myshopify.com"),
            (("dlq",), "Missing command"),
            (("dlq", "list", "--reason", "sadness"), "invalid-message, unknown-shop"),
            (("dlq", "redrive", "--limit", "0"), "greater than or equal to 1"),
            (("dlq", "redrive", "--limit", "many"), "a valid integer"),
        ],
    )
    def test_says_in_one_line_what_is_allowed(
        self, terminal: Terminal, words: tuple[str, ...], complaint: str
    ) -> None:
        terminal.type(*words)
        [line] = terminal.err.splitlines()
        assert line.startswith("error: ")
        assert complaint in line
        assert "\x1b" not in line
        assert (terminal.code, terminal.out) == (2, "")

    def test_tells_a_failure_in_one_line(self, terminal: Terminal) -> None:
        terminal.at_hand = failing(Permanent(Reason.DATABASE_ERROR, "table x: no\nsuch table"))
        terminal.type("status", "user-1")
        assert (terminal.code, terminal.err) == (1, "error: table x: no such table\n")

    def test_tells_what_is_wrong_with_the_environment(self, terminal: Terminal) -> None:
        terminal.at_hand = failing(SettingsError("SYNC_QUEUE_URL is not set"))
        terminal.type("status", "user-1")
        assert (terminal.code, terminal.err) == (2, "error: SYNC_QUEUE_URL is not set\n")

    def test_shows_the_place_of_a_bug_but_no_traceback_and_no_text(
        self, terminal: Terminal
    ) -> None:
        terminal.at_hand = failing(KeyError("shpat_secret"))
        terminal.type("status", "user-1")
        [line] = terminal.err.splitlines()
        assert "unforeseen KeyError at faults.py:" in line
        assert "shpat" not in line
        assert terminal.code == 1

    def test_ends_quietly_when_a_wait_is_interrupted(self, terminal: Terminal) -> None:
        terminal.at_hand = failing(Interrupted())
        terminal.type("status", "user-1")
        assert (terminal.code, terminal.err) == (130, "")

    def test_ends_quietly_by_control_c(self, terminal: Terminal) -> None:
        terminal.at_hand.meanwhile = press_control_c
        terminal.type("publish", "user-1", "--type", "manual", "--follow")
        assert (terminal.code, terminal.err) == (130, "")


@pytest.fixture
def environment() -> dict[str, str]:
    credentials = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    return {"PATH": "/usr/bin:/bin", "AWS_REGION": "eu-west-1", **credentials}


def typed(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "entrypoints", *words],
        env=environment,
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


class TestProcess:
    def test_names_the_variable_that_a_command_lacks(self, environment: dict[str, str]) -> None:
        done = typed(environment, "publish", "user-1", "--type", "manual")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "error: SYNC_QUEUE_URL is not set: this command needs it\n"

    def test_names_what_the_credentials_lack(self, environment: dict[str, str]) -> None:
        del environment["AWS_SECRET_ACCESS_KEY"]
        done = typed(environment, "status", "user-1")
        assert done.returncode == 2
        assert "missing: AWS_SECRET_ACCESS_KEY" in done.stderr

    def test_names_the_variable_that_makes_no_sense(self, environment: dict[str, str]) -> None:
        done = typed({**environment, "SYNC_PAGE_SIZE": "251"}, "status", "user-1")
        assert done.returncode == 2
        assert "SYNC_PAGE_SIZE='251' must be at most 250" in done.stderr
        assert len(done.stderr.splitlines()) == 1

    def test_imports_no_library_for_its_help(self, environment: dict[str, str]) -> None:
        code = (
            "import sys; from entrypoints.command_line import run; run(['--help']); "
            "heavy = {'boto3', 'pydantic', 'dependency_injector', 'requests'} & set(sys.modules); "
            "sys.exit(', '.join(sorted(heavy)) or 0)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
