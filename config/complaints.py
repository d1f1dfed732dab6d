"""One clear sentence for each thing that is wrong with the environment."""

from __future__ import annotations

import re

from pydantic_core import ErrorDetails

SECRET_FIELDS = frozenset({"shopify_client_secret"})

_CREDENTIALS = re.compile(r"//[^/]*@")

_LIMITS = {"ge": "at least", "le": "at most"}
_NUMBERS = {
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
}


def complaint(prefix: str, error: ErrorDetails) -> str:
    """Name the variable, its value (never a secret's) and what is allowed."""
    if not error["loc"]:
        return str(error["ctx"]["error"]) if "ctx" in error else error["msg"]
    field = str(error["loc"][0])
    value = (
        "" if field in SECRET_FIELDS else f"={_CREDENTIALS.sub('//…@', str(error['input']))[:80]!r}"
    )
    return f"{prefix}{field.upper()}{value} {_wish(error)}"


def _wish(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    for limit, words in _LIMITS.items():
        if limit in context:
            return f"must be {words} {context[limit]}"
    if "error" in context:
        return str(context["error"])
    if "expected" in context:
        return f"must be {context['expected']}"
    if "pattern" in context:
        return f"must match {context['pattern']}"
    message = error["msg"]
    return _NUMBERS.get(error["type"], message[0].lower() + message[1:])
