"""JSON as clients send it, quickly."""

import json
from typing import Any

import msgspec


def read_json(text: str | bytes) -> Any:
    """What it says; ValueError if it is none. Halves of surrogates are taken as json takes them."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


def holds_bytes(value: Any) -> bool:
    """Whether it may be a DynamoDB value with binary values in it: quotes in a text are escaped."""
    text = msgspec.json.encode(value)
    return b'{"B":' in text or b'{"BS":' in text
