"""The strict SQS over HTTP, in SQS's JSON protocol (X-Amz-Target: AmazonSQS.…)."""

import json
import select
import socket
from base64 import b64decode, b64encode
from threading import Event
from typing import Any, ClassVar

from sandbox.http_server import LocalServer, QuietHandler
from sandbox.strict_sqs.desk import Desk
from sandbox.strict_sqs.refusals import Refused

_PREFIX = "AmazonSQS."
_JSON = "application/x-amz-json-1.0"
_ATTRIBUTES = "MessageAttributes"


class Handler(QuietHandler):
    """One connection of a client of SQS's."""

    desk: ClassVar[Desk]

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        asked = json.loads(self.body() or b"{}")
        operation = self.headers.get("X-Amz-Target", "").removeprefix(_PREFIX)
        headers = {"Content-Type": _JSON, "x-amzn-RequestId": "strict-sqs"}
        try:
            answer = self.desk.answer(operation, _read(asked), self._is_gone)
        except Refused as refused:
            fault = refused.response["Error"]["Type"]
            if self.headers.get("x-amzn-query-mode") == "true":
                headers["x-amzn-query-error"] = f"{refused.code};{fault}"
            kind = f"com.amazonaws.sqs#{refused.shape}"
            body = {"__type": kind, "message": refused.message}
            self.respond(refused.status, headers, json.dumps(body).encode())
        else:
            self.respond(200, headers, json.dumps(_written(answer)).encode())

    def _is_gone(self) -> bool:
        """Whether the client has hung up: a message must not be handed to nobody."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)


class StrictSqsServer(LocalServer):
    """A strict SQS at `url`; what goes on at `desk` can be looked at and disturbed."""

    def __init__(self, port: int = 0) -> None:
        self.desk = Desk()
        super().__init__(type("BoundHandler", (Handler,), {"desk": self.desk}), port, Event())
        self.desk.engine.host = self.url

    def stop(self) -> None:
        self.desk.close()
        super().stop()


def _read(asked: dict[str, Any]) -> dict[str, Any]:
    """Binary values as bytes, in a message and in the messages of a batch."""
    for each in (asked, *asked.get("Entries", ())):
        for value in each.get(_ATTRIBUTES, {}).values():
            if "BinaryValue" in value:
                value["BinaryValue"] = b64decode(value["BinaryValue"])
    return asked


def _written(answer: dict[str, Any]) -> dict[str, Any]:
    """Binary values as the protocol has them; what the engine keeps is not touched."""
    if "Messages" not in answer:
        return answer
    return {**answer, "Messages": [_message(each) for each in answer["Messages"]]}


def _message(message: dict[str, Any]) -> dict[str, Any]:
    if _ATTRIBUTES not in message:
        return message
    attributes = {
        name: {**value, "BinaryValue": b64encode(value["BinaryValue"]).decode()}
        if "BinaryValue" in value
        else value
        for name, value in message[_ATTRIBUTES].items()
    }
    return {**message, _ATTRIBUTES: attributes}
