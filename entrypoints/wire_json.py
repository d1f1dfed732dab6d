"""JSON from strangers: one object, read strictly and quickly, or a sentence that says why not."""

from __future__ import annotations

import json
from typing import Any, NoReturn

LONGEST_BODY = 65_536
"""Characters. A message of ours has a few hundred; SQS itself would take 1 MiB."""
_BYTE_ORDER_MARK = "\ufeff"


class NotAnObject(ValueError):
    """The text is not one JSON object; the message never quotes the text."""


def parse_object(text: str) -> dict[str, Any]:
    """The object's members; raises NotAnObject for anything that is read differently elsewhere.

    Refused besides what is not JSON: names that occur twice, NaN and Infinity, numbers beyond a
    double, texts of more than 65,536 characters and nesting beyond Python's stack.
    """
    if len(text) > LONGEST_BODY:
        raise NotAnObject(f"is longer than {LONGEST_BODY} characters")
    if text.startswith(_BYTE_ORDER_MARK):
        raise NotAnObject("begins with a byte order mark: it must be JSON without one")
    try:
        found = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except NotAnObject:
        raise
    except RecursionError:
        raise NotAnObject("is nested too deeply") from None
    except ValueError:
        raise NotAnObject("is not JSON") from None
    if not isinstance(found, dict):
        raise NotAnObject("is not a JSON object")
    return found


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotAnObject("has an object with the same name in it twice")
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise NotAnObject("holds NaN or Infinity, which JSON does not have")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise NotAnObject("holds a number that is too large")
    return number
