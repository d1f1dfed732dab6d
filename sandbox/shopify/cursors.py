"""Cursors: base64 of a JSON keyset, as Shopify's are (opaque to clients, who must not read them).

{"last_id": 1423980527638, "last_value": "2020-01-20 14:48:11.000000"}
"""

import binascii
import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime

from sandbox.shopify.refusals import Refused

FORM = "%Y-%m-%d %H:%M:%S.%f"


def cursor_at(last_id: int, value: int, *, is_time: bool) -> str:
    """The cursor of a place; a time is given in epoch seconds."""
    text = datetime.fromtimestamp(value, UTC).strftime(FORM) if is_time else str(value)
    return b64encode(json.dumps({"last_id": last_id, "last_value": text}).encode()).decode()


def place_of(cursor: str, *, is_time: bool) -> tuple[int, int]:
    """The (value, id) of a cursor; Refused if it is none of that sort key's."""
    try:
        read = json.loads(b64decode(cursor, validate=True))
        text, last_id = read["last_value"], int(read["last_id"])
        if is_time:
            return int(datetime.strptime(text, FORM).replace(tzinfo=UTC).timestamp()), last_id
        return int(text), last_id
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise Refused("Invalid cursor for current pagination sort.") from None
