"""Data goes to stdout, in words or as JSON; everything else goes to stderr."""

from __future__ import annotations

import json
import sys

from entrypoints.presenting import Json


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Something beside the data."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def emit(data: Json) -> None:
    """One JSON document."""
    say(json_text(data))


def json_text(data: Json) -> str:
    """Escaped only where the terminal cannot show it, or nobody can: half a surrogate pair."""
    text = json.dumps(data, ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(data)
    return text


def tell(data: Json, words: str, *, as_json: bool) -> None:
    """The same in words, or as JSON."""
    if as_json:
        emit(data)
    else:
        say(words)
