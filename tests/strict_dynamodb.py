"""The strict DynamoDB as a boto3 client, for the real adapters."""

from __future__ import annotations

from threading import RLock
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from sandbox.strict_dynamodb.engine import StrictDynamoDB
from sandbox.strict_dynamodb.refusals import Refusal


def client_error(refusal: Refusal, operation: str, status: int = 400) -> ClientError:
    """Botocore's exception for the refusal."""
    answer: Any = {
        "Error": {"Code": refusal.code, "Message": refusal.message},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **refusal.more,
    }
    return ClientError(answer, operation)


def plain(asked: Any) -> Any:
    """Items that are JSON already, as the orders table's client takes them, read again."""
    return msgspec.json.decode(msgspec.json.encode(asked))


class StrictClient:
    """One call at a time: the engine is atomic because nothing interrupts it."""

    def __init__(self, engine: StrictDynamoDB) -> None:
        self._engine = engine
        self._lock = RLock()

    def __getattr__(self, operation: str) -> Any:
        call = getattr(self._engine, operation)

        def answer(**asked: Any) -> Any:
            with self._lock:
                try:
                    return call(**plain(asked))
                except Refusal as refusal:
                    raise client_error(refusal, operation) from None

        return answer
