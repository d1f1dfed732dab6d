"""Answers that cannot be read are failures.

Botocore takes a body that is no JSON for an answer without members: something between us and
DynamoDB that says 200 would turn writes that never happened into successes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from botocore.parsers import ResponseParserError

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient

_OK = 200


def refuse_unreadable_answers(client: DynamoDBClient) -> None:
    """Make the client raise botocore's `ResponseParserError` for a 200 that is no JSON object."""
    client.meta.events.register("before-parse.dynamodb", _refuse_unreadable)


def _refuse_unreadable(response_dict: dict[str, Any], **_event: Any) -> None:
    if response_dict["status_code"] != _OK:
        return
    try:
        msgspec.json.decode(response_dict["body"], type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ResponseParserError("an answer of DynamoDB's is no JSON object") from None
