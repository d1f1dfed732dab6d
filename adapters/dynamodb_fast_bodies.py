"""Requests whose JSON is made by msgspec instead of botocore's walk over its model.

A BatchWriteItem of 25 nested orders spends nine tenths of its time in botocore's validation and
serializer, the write of a checkpoint a third. Botocore has events around them: the parameters are
set aside when the call begins, a stand-in goes through the serializer, and before the request is
signed the body is put in its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:  # the stubs are not installed where the daemon runs
    from mypy_boto3_dynamodb import DynamoDBClient

_SET_ASIDE = "parameters_of_the_ready_body"
_OK = 200
_BINARY = re.compile(rb'"BS?"\s*:')


def send_fast_bodies(client: DynamoDBClient) -> None:
    """Make the client send calls on items as they are given, `msgspec.Raw` included.

    Nothing checks the parameters any more; the client must have `parameter_validation=False`, and
    must not be in use by another thread yet.
    """
    for operation, stand_in in _STAND_INS.items():
        client.meta.events.register(
            f"provide-client-params.dynamodb.{operation}", _SetAside(stand_in)
        )
        client.meta.events.register(f"before-call.dynamodb.{operation}", _put_in_place)
        client.meta.events.register(f"before-parse.dynamodb.{operation}", _read_answer)


def _tables_of_a_batch(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"RequestItems": {name: {} for name in parameters["RequestItems"]}}


def _tables_of_batch_writes(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"RequestItems": {name: [] for name in parameters["RequestItems"]}}


def _no_transaction(_parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"TransactItems": []}


def _table(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"TableName": parameters["TableName"]}


_STAND_INS = {
    "BatchGetItem": _tables_of_a_batch,
    "BatchWriteItem": _tables_of_batch_writes,
    "DeleteItem": _table,
    "GetItem": _table,
    "PutItem": _table,
    "Query": _table,
    "TransactWriteItems": _no_transaction,
    "UpdateItem": _table,
}
"""What botocore's endpoint rules may look at: the tables' names."""

FAST = tuple(_STAND_INS)
"""The operations whose bodies are ready-made."""


class _SetAside:
    def __init__(self, stand_in: Any) -> None:
        self._stand_in = stand_in

    def __call__(self, params: dict[str, Any], context: dict[str, Any], **_event: Any) -> Any:
        context[_SET_ASIDE] = params
        return self._stand_in(params)


def _put_in_place(params: dict[str, Any], context: dict[str, Any], **_event: Any) -> None:
    params["body"] = msgspec.json.encode(context.pop(_SET_ASIDE))


def _read_answer(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_event: Any
) -> None:
    """Read a good answer without botocore's walk; anything else is left to botocore.

    So are binary values, whose base64 it undoes.
    """
    if response_dict["status_code"] != _OK or _BINARY.search(response_dict["body"]):
        return
    try:
        answer = msgspec.json.decode(response_dict["body"], type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return
    customized_response_dict.update(answer)
    response_dict["body"] = b"{}"
