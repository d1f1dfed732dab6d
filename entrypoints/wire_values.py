"""What single values in a message have to look like; raises ValueError for anything else."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from domain.messages import SyncType

_UNPRINTABLE = r"\s\x00-\x1f\x7f-\x9f\ud800-\udfff"
_IDENTITY = re.compile(rf"[^{_UNPRINTABLE}]{{1,256}}")
_BATCH_ID = re.compile(rf"[^{_UNPRINTABLE}]{{1,1024}}")
_NUMBER = re.compile(r"[1-9][0-9]{0,39}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}"
    r"(:[0-9]{2}([.,][0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:?[0-5][0-9])"
)
_YEARS = range(2000, 2101)


def sync_type(value: object) -> SyncType:
    """One of `initial`, `manual`, `daily`."""
    if not isinstance(value, str):
        raise ValueError("not a text")  # noqa: TRY004 - pydantic takes a ValueError only
    return SyncType(value)


def identity(text: str) -> str:
    """A `requestId` or `chainId`: 1-256 characters without white space or control characters."""
    return _matching(_IDENTITY, text)


def batch_id(text: str) -> str:
    """1-1024 characters (DynamoDB's limit of a sort key) without white space or control ones."""
    return _matching(_BATCH_ID, text)


def number(value: object) -> str:
    """A numeric id in decimal, from a text or a whole number."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return _matching(_NUMBER, text if isinstance(text, str) else "")


def instant(value: object) -> datetime | None:
    """An instant in UTC from ISO 8601 with an offset, in a year that orders can be of."""
    if value is None:
        return None
    text = _matching(_INSTANT, value if isinstance(value, str) else "")
    try:
        found = datetime.fromisoformat(text.upper().replace(",", ".")).astimezone(UTC)
    except OverflowError:
        raise ValueError("no such instant") from None
    if found.year not in _YEARS:
        raise ValueError("not a sensible year")
    return found


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError("not allowed here")
    return text
