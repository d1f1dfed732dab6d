"""A server that answers calls to AWS as it is told to, and clients of it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any, ClassVar

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from sandbox.http_server import LocalServer, QuietHandler
from tests.dynamodb import an_error

QUICK = 0.3
"""Seconds that a client waits for an answer that never comes."""
PATIENT = 20.0
"""Seconds that it waits for one that does."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    body: bytes = b'{"Item": {"userId": {"S": "u"}}}'
    headers: dict[str, str] = field(default_factory=dict)


GOOD = Answer()
HANG_UP = "hang up"
STAY_SILENT = "stay silent"
Play = Answer | str


def error(code: str, status: int = 400, **more: Any) -> Answer:
    return Answer(status, json.dumps(an_error(code, **more)).encode())


class Handler(QuietHandler):
    plays: ClassVar[list[Play]]
    requests: ClassVar[list[dict[str, Any]]]
    ending: ClassVar[Event]

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        body = self.body()
        self.requests.append({"headers": dict(self.headers), "body": json.loads(body)})
        play = self.plays.pop(0) if self.plays else GOOD
        if isinstance(play, Answer):
            self.respond(play.status, play.headers, play.body)
            return
        if play == STAY_SILENT:
            self.ending.wait(10)
        self.reset()


@dataclass(frozen=True, slots=True)
class Aws:
    url: str
    requests: list[dict[str, Any]]


class Server(LocalServer):
    def speak(self, tls: ssl.SSLContext) -> None:
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)


@contextmanager
def aws(*plays: Play, tls: ssl.SSLContext | None = None) -> Iterator[Aws]:
    """A server that answers so, and then well."""
    ending = Event()
    known: dict[str, Any] = {"plays": list(plays), "requests": [], "ending": ending}
    server = Server(type("Bound", (Handler,), known), 0, ending)
    if tls is not None:
        server.speak(tls)
    with server:
        yield Aws(server.url, known["requests"])


@contextmanager
def refusing() -> Iterator[str]:
    """A server that refuses a PutItem by its head, without reading its body."""

    class Impatient(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802 - http.server's name
            if "PutItem" not in self.headers["X-Amz-Target"]:
                self.body()
                self.respond(200, {}, GOOD.body)
                return
            refusal = error("ValidationException")
            self.respond(refusal.status, {"Connection": "close"}, refusal.body)
            self.close_connection = True

    with LocalServer(Impatient, 0, Event()) as server:
        yield server.url


def a_client(
    session: Session, url: str, attempts: int = 3, wait: float = PATIENT, **more: Any
) -> Any:
    retries: Any = {"total_max_attempts": attempts, "mode": "standard"}
    config = Config(retries=retries, read_timeout=wait, connect_timeout=PATIENT, **more)
    return session.client("dynamodb", endpoint_url=url, config=config)


def get(client: Any) -> Any:
    return client.get_item(TableName="shops", Key={"userId": {"S": "u"}}, ConsistentRead=True)


def ended(call: Callable[[], Any]) -> Any:
    """What came of the call, without what only botocore's own answers have."""
    try:
        answer = call()
    except ClientError as failure:
        known = {k: v for k, v in failure.response.items() if k != "ResponseMetadata"}
        told = failure.response["ResponseMetadata"]
        return type(failure).__name__, known, told["HTTPStatusCode"], told["RetryAttempts"]
    except (BotoCoreError, ResponseParserError) as failure:
        return type(failure).__name__
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
