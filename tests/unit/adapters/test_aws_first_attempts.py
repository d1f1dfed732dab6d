"""With first attempts of our own a client does what it does without them."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any, ClassVar
from zlib import crc32

import pytest
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.aws_first_attempts import attempt_first, leave_to_botocore
from adapters.dynamodb_clients import state_client
from adapters.sqs_clients import queue_client
from sandbox.http_server import LocalServer, QuietHandler
from tests.dynamodb import an_error

QUICK = 0.05
"""Seconds that a client waits for an answer that never comes."""


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


@pytest.fixture(scope="module")
def session() -> Session:
    return Session("key", "secret", region_name="eu-west-1")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)


def a_client(session: Session, url: str, attempts: int = 3, **more: Any) -> Any:
    retries: Any = {"total_max_attempts": attempts, "mode": "standard"}
    config = Config(retries=retries, read_timeout=QUICK, connect_timeout=QUICK, **more)
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


OUTCOMES: dict[str, tuple[Play, ...]] = {
    "works": (GOOD,),
    "checksum": (Answer(headers={"x-amz-crc32": str(crc32(GOOD.body))}),),
    "wrong checksum": (Answer(headers={"x-amz-crc32": "1"}),),
    "binary": (Answer(body=b'{"Item": {"b": {"B": "AAEC"}, "s": {"BS": ["AA=="]}}}'),),
    "condition failed": (error("ConditionalCheckFailedException", Item={"a": {"S": "b"}}),),
    "cancelled": (
        error(
            "TransactionCanceledException",
            CancellationReasons=[{"Code": "ConditionalCheckFailed", "Item": {"a": {"S": "b"}}}],
        ),
    ),
    "denied": (error("AccessDeniedException"),),
    "throttled once": (error("ThrottlingException"),),
    "throttled": (error("ThrottlingException"),) * 9,
    "broken once": (error("InternalServerError", 500),),
    "broken": (error("InternalServerError", 500),) * 9,
    "no JSON": (Answer(503, b"<html>busy</html>"),) * 9,
    "hung up once": (HANG_UP,),
    "hung up": (HANG_UP,) * 9,
    "silent once": (STAY_SILENT,),
    "silent": (STAY_SILENT,) * 9,
    "a redirect": (Answer(307, b"", {"Location": "http://127.0.0.1:9/"}),) * 9,
}


class TestFirstAttempts:
    @pytest.mark.parametrize("attempts", [1, 3])
    @pytest.mark.parametrize("outcome", OUTCOMES)
    def test_come_to_the_same_as_botocores(
        self, session: Session, outcome: str, attempts: int
    ) -> None:
        seen = []
        for ours in (True, False):
            with (
                aws(*OUTCOMES[outcome]) as server,
                closing(a_client(session, server.url, attempts)) as client,
            ):
                if ours:
                    attempt_first(client, session, "GetItem")
                seen.append((ended(partial(get, client)), len(server.requests)))
        assert seen[0] == seen[1]

    def test_come_to_the_same_where_nobody_listens(self, session: Session) -> None:
        client = a_client(session, "http://127.0.0.1:9")
        assert ended(lambda: get(client)) == "EndpointConnectionError"
        attempt_first(client, session, "GetItem")
        assert ended(lambda: get(client)) == "EndpointConnectionError"

    @pytest.mark.parametrize("service", ["dynamodb", "sqs"])
    @pytest.mark.parametrize("token", [None, "a token"])
    def test_ask_the_same(self, service: str, token: str | None) -> None:
        session: Any = Session("key", "secret", token, "eu-west-1")
        with aws() as server:
            config = Config(user_agent="tests")
            client = session.client(service, endpoint_url=server.url, config=config)
            for _ in range(2):
                if service == "sqs":
                    client.delete_message(QueueUrl="http://sqs/1/q", ReceiptHandle="r")
                else:
                    get(client)
                attempt_first(client, session, "DeleteMessage" if service == "sqs" else "GetItem")
        theirs, ours = server.requests
        assert ours["body"] == theirs["body"]
        assert told(ours["headers"]) == told(theirs["headers"])

    @pytest.mark.parametrize("play", [Answer(body=b""), Answer(body=b"[]"), Answer(body=b"<html>")])
    def test_let_no_answer_without_sense_pass(self, session: Session, play: Answer) -> None:
        with pytest.MonkeyPatch.context() as patch, aws(*(play,) * 9) as server:
            patch.setenv("AWS_ENDPOINT_URL_DYNAMODB", server.url)
            client = state_client(session, 1)
            with pytest.raises(ResponseParserError):
                get(client)

    def test_keep_the_connection(self, session: Session) -> None:
        with aws(*(GOOD,) * 3) as server:
            client = a_client(session, server.url)
            attempt_first(client, session, "GetItem")
            pool = client.get_item.pool
            get(client)
            kept = pool._idle[0]
            get(client)
            assert list(pool._idle) == [kept]

    def test_take_a_new_connection_for_one_that_was_ended(self, session: Session) -> None:
        with aws(Answer(headers={"Connection": "close"}), GOOD) as server:
            client = a_client(session, server.url, attempts=1)
            attempt_first(client, session, "GetItem")
            get(client)
            assert not client.get_item.pool._idle
            get(client)
            (kept,) = client.get_item.pool._idle
            kept.shutdown(2)
            get(client)
        assert len(server.requests) == 3

    def test_of_many_threads_do_not_mix(self, session: Session) -> None:
        """What one met is handed over to its own call, and not to another's."""
        plays = [error("ThrottlingException"), GOOD] * 20
        with aws(*plays) as server:
            client = a_client(session, server.url, attempts=9)
            attempt_first(client, session, "GetItem")
            answers: list[Any] = []
            threads = [
                Thread(target=lambda: answers.append(ended(lambda: get(client)))) for _ in range(16)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert answers == [{"Item": {"userId": {"S": "u"}}}] * 16

    def test_leave_a_client_alone_without_credentials(
        self, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        nobody = Session(region_name="eu-west-1")
        monkeypatch.setattr(nobody, "get_credentials", lambda: None)
        assert left_alone(a_client(session, "http://127.0.0.1:9"), nobody)

    @pytest.mark.parametrize(
        ("url", "more"),
        [
            ("http://127.0.0.1:9/prefix", {}),
            ("http://127.0.0.1:9", {"proxies": {"http": "http://127.0.0.1:8"}}),
            ("http://127.0.0.1:9", {"client_cert": "/mine.pem"}),
        ],
    )
    def test_leave_a_client_alone_where_only_botocore_knows_the_way(
        self, session: Session, url: str, more: dict[str, Any]
    ) -> None:
        assert left_alone(a_client(session, url, **more), session)

    def test_leave_a_client_alone_that_a_proxy_of_the_environment_is_for(
        self, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:8")
        monkeypatch.setenv("no_proxy", "localhost")
        assert left_alone(a_client(session, "http://aws.example"), session)

    @pytest.mark.parametrize("content", [None, "no certificate"])
    def test_leave_a_client_alone_whose_bundle_of_certificates_is_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
    ) -> None:
        bundle = tmp_path / "bundle.pem"
        if content is not None:
            bundle.write_text(content)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
        session = Session("key", "secret", region_name="eu-west-1")
        client = a_client(session, "https://localhost:9", attempts=1)
        assert left_alone(client, session)
        assert ended(lambda: get(client)) != "FileNotFoundError"

    def test_can_be_left_to_botocore_again(self, session: Session) -> None:
        client = a_client(session, "http://127.0.0.1:9")
        attempt_first(client, session, "GetItem")
        assert "get_item" in vars(client)
        leave_to_botocore(client)
        assert not {"get_item"} & set(vars(client))

    def test_put_nothing_into_headers_that_ends_them(self) -> None:
        session = Session("key", "secret", "a\r\nX-Injected: token", "eu-west-1")
        with aws() as server:
            client = a_client(session, server.url)
            attempt_first(client, session, "GetItem")
            assert ended(lambda: get(client)) == "HTTPClientError"
        assert not server.requests

    def test_show_no_secret(self, session: Session) -> None:
        client = a_client(session, "http://127.0.0.1:9")
        attempt_first(client, session, "GetItem")
        assert "secret" not in repr(client.get_item)


class TestMessages:
    """SQS has the same protocol, and its answers to some calls have no body."""

    @pytest.fixture
    def config(self) -> Config:
        return Config(read_timeout=QUICK, retries={"total_max_attempts": 1, "mode": "standard"})

    def test_arrive_as_they_are(self, session: Session, config: Config) -> None:
        told: dict[str, Any] = {
            "Messages": [
                {
                    "MessageId": "m",
                    "ReceiptHandle": "r",
                    "Body": '{"BinaryValue": 1}',
                    "Attributes": {"SentTimestamp": "1"},
                    "MessageAttributes": {"a": {"StringValue": "x", "DataType": "String"}},
                }
            ]
        }
        with (
            pytest.MonkeyPatch.context() as patch,
            aws(Answer(body=json.dumps(told).encode())) as it,
        ):
            patch.setenv("AWS_ENDPOINT_URL_SQS", it.url)
            client: Any = queue_client(session, config)
            assert client.receive_message(QueueUrl=f"{it.url}/1/q") == told

    def test_with_binary_attributes_are_read_by_botocore(
        self, session: Session, config: Config
    ) -> None:
        attribute = {"BinaryValue": "AAEC", "DataType": "Binary"}
        told = {"Messages": [{"MessageId": "m", "MessageAttributes": {"a": attribute}}]}
        with (
            pytest.MonkeyPatch.context() as patch,
            aws(Answer(body=json.dumps(told).encode())) as it,
        ):
            patch.setenv("AWS_ENDPOINT_URL_SQS", it.url)
            client: Any = queue_client(session, config)
            (message,) = client.receive_message(QueueUrl=f"{it.url}/1/q")["Messages"]
        assert message["MessageAttributes"]["a"]["BinaryValue"] == b"\x00\x01\x02"
        assert len(it.requests) == 1

    def test_are_deleted_by_an_answer_without_a_body(
        self, session: Session, config: Config
    ) -> None:
        with pytest.MonkeyPatch.context() as patch, aws(Answer(body=b"")) as it:
            patch.setenv("AWS_ENDPOINT_URL_SQS", it.url)
            client: Any = queue_client(session, config)
            client.delete_message(QueueUrl=f"{it.url}/1/q", ReceiptHandle="r")
        assert len(it.requests) == 1


class TestSecureConnections:
    """Whom to trust is said by AWS_CA_BUNDLE, or by ca_bundle in AWS's config file."""

    @pytest.mark.parametrize(
        ("host", "bundle", "outcome"),
        [
            ("localhost", "localhost.pem", {"Item": {"userId": {"S": "u"}}}),
            ("localhost", "another.pem", "SSLError"),
            ("127.0.0.1", "localhost.pem", "SSLError"),
        ],
    )
    def test_are_made_to_whom_the_bundle_knows(
        self, tmp_path: Path, host: str, bundle: str, outcome: Any
    ) -> None:
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(certificate_of("localhost", tmp_path / "localhost.pem"))
        certificate_of("localhost", tmp_path / "another.pem")
        with pytest.MonkeyPatch.context() as patch, aws(tls=own) as server:
            patch.setenv("AWS_CA_BUNDLE", str(tmp_path / bundle))
            session = Session("key", "secret", region_name="eu-west-1")
            url = f"https://{host}:{server.url.rpartition(':')[2]}"
            client = a_client(session, url, attempts=1)
            attempt_first(client, session, "GetItem")
            assert ended(lambda: get(client)) == outcome


def certificate_of(name: str, file: Path) -> Path:
    """A certificate that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1)
    builder = builder.not_valid_before(datetime.now(UTC) - timedelta(days=1))
    builder = builder.not_valid_after(datetime.now(UTC) + timedelta(days=1))
    builder = builder.add_extension(names, critical=False)
    signed = builder.sign(key, hashes.SHA256())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + signed.public_bytes(Encoding.PEM))
    return file


def told(headers: dict[str, str]) -> dict[str, str]:
    """What is not about one attempt; of the signature what was signed for whom."""
    kept = {k.lower(): v for k, v in headers.items() if not k.lower().startswith("amz-sdk-")}
    del kept["x-amz-date"], kept["content-length"]  # botocore's JSON has spaces
    scope, names, _ = kept.pop("authorization").split(", ")
    signed = names.removeprefix("SignedHeaders=").split(";")
    return {**kept, "scope": scope, "signed": ";".join(n for n in signed if "amz-sdk" not in n)}


def left_alone(client: Any, session: Session) -> bool:
    attempt_first(client, session, "GetItem")
    return "get_item" not in vars(client)
