"""How one log record looks: a JSON object for machines, a short line for people."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType, TracebackType

import msgspec

_JSON = msgspec.json.Encoder(enc_hook=str)
_COLOURS = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31m", "debug": "\x1b[2m"}
_PLAIN = "\x1b[0m"
_DEEPEST = 20


class JsonLines(logging.Formatter):
    """One object a line: `ts` (UTC, milliseconds), `level`, `event`, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"ts": _instant(record), "level": _level(record), "event": _event(record)}
        return _JSON.encode({**line, **_fields(record)}).decode()


class ConsoleLines(logging.Formatter):
    """`12:00:00 info  message settled  outcome=done page=3`, in colour where asked for."""

    def __init__(self, *, coloured: bool) -> None:
        super().__init__()
        self._coloured = coloured

    def format(self, record: logging.LogRecord) -> str:
        level = _level(record)
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        words = [f"{name}={_word(value)}" for name, value in _fields(record).items()]
        line = "  ".join(part for part in (_one_line(_event(record)), " ".join(words)) if part)
        line = f"{at} {level:<7} {line}"
        colour = _COLOURS.get(level) if self._coloured else None
        return f"{colour}{line}{_PLAIN}" if colour else line


def frames(trace: TracebackType | None) -> list[str]:
    """Where it happened, innermost last. Never the exception's text: it may hold customer data."""
    found = []
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-_DEEPEST:]


def stack(frame: FrameType | None) -> list[str]:
    """Where a thread is, innermost last."""
    found = []
    while frame is not None:
        code = frame.f_code
        found.append(f"{Path(code.co_filename).name}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return found[:_DEEPEST][::-1]


def _fields(record: logging.LogRecord) -> dict[str, object]:
    fields: Mapping[str, object] | None = getattr(record, "fields", None)
    found: dict[str, object] = {"logger": record.name} if fields is None else dict(fields)
    if record.exc_info and record.exc_info[0] is not None:
        found["exception"] = record.exc_info[0].__name__
        found["frames"] = frames(record.exc_info[2])
    return found


def _event(record: logging.LogRecord) -> str:
    return record.getMessage()


def _instant(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")


def _level(record: logging.LogRecord) -> str:
    return record.levelname.lower()


def _word(value: object) -> str:
    """Bare where that is unambiguous, else as JSON: nothing in a value can begin a new line."""
    text = value if isinstance(value, str) else _JSON.encode(value).decode()
    plain = text.isprintable() and not set(text) & {" ", '"', "="}
    return text if plain and text else _JSON.encode(text).decode()


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
