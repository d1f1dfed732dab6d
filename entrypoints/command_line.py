"""The console command `shopify-sync`: what can be typed, and how a command's end is told."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import typer
from typer.main import get_command

from domain.failures import Failure, Interrupted
from entrypoints.commands.bootstrapping import bootstrap
from entrypoints.commands.checking import check
from entrypoints.commands.complaints import Refused
from entrypoints.commands.connecting import connect
from entrypoints.commands.dead_letters import dlq
from entrypoints.commands.erasing import purge, redact
from entrypoints.commands.local import demo, sandbox
from entrypoints.commands.looking import failed, status
from entrypoints.commands.mending import clear, retry_failed
from entrypoints.commands.opening import Objects
from entrypoints.commands.publishing import publish, publish_daily
from entrypoints.commands.serving import worker
from entrypoints.presenting import one_line

NAME = "shopify-sync"
FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130

app = typer.Typer(
    name=NAME,
    help="Keeps merchants' Shopify orders in DynamoDB, one SQS message a page.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Settings are environment variables, SYNC_…: see .env.example. Exit codes: 0 done, "
    "1 the thing asked for failed, 2 wrong usage or configuration.",
)
_COMMANDS: tuple[Callable[..., None], ...] = (
    *(worker, demo, sandbox),
    *(bootstrap, check, connect),
    *(publish, publish_daily, status, failed, retry_failed, clear),
    *(purge, redact),
)
for _command in _COMMANDS:
    app.command()(_command)
app.add_typer(dlq, name="dlq")


def main() -> None:
    """The console command: exits 0 (done), 1 (failed), 2 (wrong usage) or 130 (Ctrl-C)."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str], given: Objects | None = None) -> int:
    """Run one command and return its exit code; trouble is one line on stderr.

    `given` stands in for the container that would be made from the environment.
    """
    try:
        code = get_command(app).main(
            list(arguments) or ["--help"], prog_name=NAME, standalone_mode=False, obj=given
        )
    except (Interrupted, KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last net: a person never sees a traceback
        return _explain(error)
    if not arguments:
        return WRONG_USAGE
    return code if isinstance(code, int) else 0


def _explain(error: Exception) -> int:
    match error:
        case Refused():
            return _complain(str(error), error.exit_code)
        case typer.TyperException():
            return _wrong_usage(error)
        case Failure():
            return _complain(error.message, FAILED)
        case _:
            return _unforeseen(error)


def _wrong_usage(error: typer.TyperException) -> int:
    text = getattr(error, "format_message", lambda: str(error))().replace("Value error, ", "")
    context = getattr(error, "ctx", None)
    hint = "" if context is None else f" (see `{context.command_path} --help`)"
    return _complain(f"{text.rstrip('.')}{hint}", WRONG_USAGE)


def _unforeseen(error: Exception) -> int:
    """Settings that make no sense, or a bug: its place, not its text, which may hold secrets.

    What tells them apart is imported here and not above: it would slow every --help down.
    """
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - see above

    from config.settings import SettingsError  # noqa: PLC0415 - see above

    if isinstance(error, SettingsError):
        return _complain(str(error), WRONG_USAGE)
    if isinstance(error, BotoCoreError):  # once clients are made, adapters translate these
        return _complain(f"AWS is not configured: {error}", WRONG_USAGE)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return _complain(f"unforeseen {type(error).__name__}{where}: this is a bug", FAILED)


def _complain(text: str, code: int) -> int:
    sys.stderr.write(f"error: {one_line(text)}\n")
    return code
