"""The HTTP server of the local AWS endpoints: moto behind one lock.

moto alone is not atomic: two requests at once deliver a message twice or both win a conditional
put. Here every request is answered under one lock; a long poll waits outside of it.
"""

import io
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Event, Lock
from time import monotonic
from typing import Any, ClassVar

from sandbox.aws.plain_json import read_json
from sandbox.http_server import LocalServer, QuietHandler

POLL_EVERY = 0.03
RECEIVE = "AmazonSQS.ReceiveMessage"
SCOPE = re.compile(r"Credential=[^/]*/\d+/(?P<region>[^/]+)/")

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Call:
    """A request to AWS: `target` is its operation (X-Amz-Target), empty for other requests."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def target(self) -> str:
        return self.headers.get("X-Amz-Target", "")

    @property
    def region(self) -> str:
        found = SCOPE.search(self.headers.get("Authorization", ""))
        return found["region"] if found else "us-east-1"

    def asked(self) -> dict[str, Any]:
        """The parameters of the operation."""
        read = read_json(self.body or b"{}")
        return read if isinstance(read, dict) else {}


@dataclass(frozen=True, slots=True)
class Reply:
    """What moto, or the sandbox in its place, answers."""

    status: int
    headers: dict[str, str]
    body: bytes


class Engine:
    """Answers calls, one at a time; waits of long polls end when `ending` is set."""

    def __init__(self, ending: Event) -> None:
        self._app = _moto()
        self._lock = Lock()
        self._ending = ending

    def answer(self, call: Call) -> Reply:
        if call.target == RECEIVE:
            return self._received(call)
        with self._lock:
            if call.target.startswith("DynamoDB"):
                refused = _refused(call)
                if refused is not None:
                    return refused
            return self._asked_of_moto(call)

    def _received(self, call: Call) -> Reply:
        asked = call.asked()
        with self._lock:
            queue = _queue(call.region, asked)
        if queue is None:
            with self._lock:
                return self._asked_of_moto(call)
        wait = asked.get("WaitTimeSeconds")
        if wait is None:
            wait = queue.receive_message_wait_time_seconds
        until = monotonic() + (wait if 0 <= wait <= 20 else 0)  # noqa: PLR2004 - SQS's limit
        at_once = {**asked, "WaitTimeSeconds": 0 if 0 <= wait <= 20 else wait}  # noqa: PLR2004 - same
        now = Call(call.method, call.path, call.headers, json.dumps(at_once).encode())
        while True:
            with self._lock:
                last = self._ending.is_set() or monotonic() >= until
                if last or queue.messages:
                    reply = self._asked_of_moto(now)
                    if last or reply.status != 200 or b'"Messages"' in reply.body:  # noqa: PLR2004 - HTTP's OK
                        return reply
            self._ending.wait(POLL_EVERY)

    def _asked_of_moto(self, call: Call) -> Reply:
        started: list[Any] = []
        try:
            parts = self._app(
                _environ(call), lambda status, headers, *_: started.extend((status, headers))
            )
        except NotImplementedError:
            return _error("com.amazonaws.common#UnknownOperationException", "")
        body = b"".join(parts)
        status, headers = started
        kept = {name: value for name, value in headers if name.lower() != "content-length"}
        return Reply(int(status.split()[0]), kept, body)


def _moto() -> WsgiApp:
    os.environ.setdefault("MOTO_DISABLE_GLOBAL_CORS", "true")
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - it reads that variable
        DomainDispatcherApplication,
        create_backend_app,
    )

    from sandbox.aws import (  # noqa: PLC0415 - they import moto
        mended_dynamodb,
        mended_items,
        mended_sqs,
        mended_values,
    )

    mended_sqs.mend()
    mended_dynamodb.mend()
    mended_items.mend()
    mended_values.mend()
    app: WsgiApp = DomainDispatcherApplication(create_backend_app)
    return app


def _queue(region: str, asked: Mapping[str, Any]) -> Any:
    from sandbox.aws.mended_sqs import queue_named  # noqa: PLC0415 - it imports moto

    return queue_named(region, str(asked.get("QueueUrl", "")).rpartition("/")[2])


def _environ(call: Call) -> dict[str, Any]:
    path, _, query = call.path.partition("?")
    host, _, port = call.headers.get("Host", "127.0.0.1:80").partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": call.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_URI": call.path,
        "RAW_URI": call.path,
        "SERVER_NAME": host,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": call.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(call.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(call.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in call.headers.items():
        if name.lower() not in ("content-type", "content-length"):
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return environ


def _refused(call: Call) -> Reply | None:
    from sandbox.aws.refusals import Rejected, check  # noqa: PLC0415 - it imports moto

    try:
        check(call.target.rpartition(".")[2], call.asked(), call.region)
    except Rejected as rejected:
        return _rejection(str(rejected))
    return None


def _rejection(message: str) -> Reply:
    return _error("com.amazon.coral.validate#ValidationException", message)


def _error(kind: str, message: str) -> Reply:
    body = {"__type": kind, "message": message}
    headers = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": "sandbox"}
    return Reply(400, headers, json.dumps(body).encode())


class Handler(QuietHandler):
    """One connection of a client of AWS's."""

    engine: ClassVar[Engine]

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        reply = self.engine.answer(
            Call(self.command, self.path, dict(self.headers.items()), self.body())
        )
        self.respond(reply.status, reply.headers, reply.body)

    do_GET = do_POST  # noqa: N815 - http.server's name


class AwsServer(LocalServer):
    """SQS and DynamoDB at `url`. One in a process: moto's state belongs to the process."""

    def __init__(self, port: int = 0) -> None:
        ending = Event()
        super().__init__(type("BoundHandler", (Handler,), {"engine": Engine(ending)}), port, ending)
