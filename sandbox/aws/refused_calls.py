"""What AWS answers to a call that it does not carry out, in the shape of its service.

Source: the services' JSON protocol (botocore's `parsers.py` reads `__type`, and for SQS the
header `x-amzn-query-error`) and "Error handling" in DynamoDB's developer guide.
"""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from sandbox.aws.server import Call, Reply

_TYPE = "application/x-amz-json-1.0"
_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
_TRANSACTION = "DynamoDB_20120810.TransactWriteItems"


def server_error(call: Call) -> Reply:
    """HTTP 500: the service failed, and the call had no effect."""
    kind = "InternalServerError" if _is_dynamodb(call) else "InternalFailure"
    return _reply(500, {"__type": f"{_namespace(call)}{kind}", "message": "Internal server error"})


def throttled(call: Call, chance: Random) -> Reply:
    """HTTP 400: too many calls. A transaction is cancelled because of one of its items."""
    if not _is_dynamodb(call):
        body = {"__type": "com.amazonaws.sqs#RequestThrottled", "message": "Request is throttled."}
        return _reply(400, body, {"x-amzn-query-error": "RequestThrottled;Sender"})
    if call.target == _TRANSACTION and chance.random() < 0.5:  # noqa: PLR2004 - both are seen
        return _cancelled(len(call.asked().get("TransactItems", ())), chance)
    kind, text = chance.choice(
        (
            ("ProvisionedThroughputExceededException", "The level of configured throughput …"),
            ("ThrottlingException", "Throughput exceeds the current capacity of your table"),
        )
    )
    return _reply(400, {"__type": _DYNAMODB + kind, "message": text})


def _cancelled(items: int, chance: Random) -> Reply:
    reasons: list[dict[str, Any]] = [{"Code": "None"} for _ in range(items)]
    if reasons:
        chance.choice(reasons).update(Code="ThrottlingError", Message="Throughput exceeds …")
    codes = ", ".join(reason["Code"] for reason in reasons)
    body = {
        "__type": f"{_DYNAMODB}TransactionCanceledException",
        "Message": f"Transaction cancelled, please refer cancellation reasons [{codes}]",
        "CancellationReasons": reasons,
    }
    return _reply(400, body)


def _is_dynamodb(call: Call) -> bool:
    return call.target.startswith("DynamoDB_")


def _namespace(call: Call) -> str:
    return _DYNAMODB if _is_dynamodb(call) else "com.amazonaws.sqs#"


def _reply(status: int, body: Mapping[str, Any], more: Mapping[str, str] | None = None) -> Reply:
    headers = {"Content-Type": _TYPE, "x-amzn-RequestId": "mishap", **(more or {})}
    return Reply(status, headers, json.dumps(body).encode())
