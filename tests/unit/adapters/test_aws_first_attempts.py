"""With first attempts of our own a client does what it does without them."""

from __future__ import annotations

import json
from contextlib import closing
from functools import partial
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

import pytest
from boto3.session import Session
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from adapters.aws_first_attempts import attempt_first, leave_to_botocore
from adapters.dynamodb_clients import state_client
from adapters.sqs_clients import queue_client
from tests.canned_aws import (
    GOOD,
    HANG_UP,
    PATIENT,
    QUICK,
    STAY_SILENT,
    Answer,
    Play,
    a_client,
    aws,
    ended,
    error,
    get,
    refusing,
)
from tests.dynamodb import Said


def with_first_attempts(client: Any, session: Session) -> Any:
    """The client, which has learnt from its first call where to send the others."""
    attempt_first(client, session, "GetItem", "PutItem")
    assert get(client)
    return client


def pool_of(client: Any) -> Any:
    """The connections that its first attempts use; None where botocore makes them."""
    known = client.get_item.way.known
    return known and known[0]


@pytest.fixture(scope="module")
def session() -> Session:
    return Session("key", "secret", region_name="eu-west-1")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)


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
        wait = QUICK if STAY_SILENT in OUTCOMES[outcome] else PATIENT
        for ours in (True, False):
            with (
                aws(GOOD, *OUTCOMES[outcome]) as server,
                closing(a_client(session, server.url, attempts, wait)) as client,
            ):
                if ours:
                    with_first_attempts(client, session)
                    assert pool_of(client) is not None
                else:
                    get(client)
                seen.append((ended(partial(get, client)), len(server.requests)))
        assert seen[0] == seen[1]

    def test_come_to_the_same_where_nobody_listens(self, session: Session) -> None:
        with aws() as server:
            client = with_first_attempts(a_client(session, server.url), session)
        for connection in pool_of(client)._idle:
            connection.close()
        pool_of(client)._idle.clear()
        assert ended(lambda: get(client)) == "EndpointConnectionError"
        leave_to_botocore(client)
        assert ended(lambda: get(client)) == "EndpointConnectionError"

    @pytest.mark.parametrize("service", ["dynamodb", "sqs"])
    @pytest.mark.parametrize("token", [None, "a token"])
    def test_ask_the_same(self, service: str, token: str | None) -> None:
        session: Any = Session("key", "secret", token, "eu-west-1")
        with aws() as server:
            config = Config(user_agent="tests")
            client = session.client(service, endpoint_url=server.url, config=config)
            attempt_first(client, session, "DeleteMessage" if service == "sqs" else "GetItem")
            for _ in range(2):
                if service == "sqs":
                    client.delete_message(QueueUrl="http://sqs/1/q", ReceiptHandle="r")
                else:
                    get(client)
        theirs, ours = server.requests
        assert ours["body"] == theirs["body"]
        assert told(ours["headers"]) == told(theirs["headers"])

    @pytest.mark.parametrize("play", [Answer(body=b""), Answer(body=b"[]"), Answer(body=b"<html>")])
    def test_let_no_answer_without_sense_pass(self, session: Session, play: Answer) -> None:
        with pytest.MonkeyPatch.context() as patch, aws(GOOD, *(play,) * 9) as server:
            patch.setenv("AWS_ENDPOINT_URL_DYNAMODB", server.url)
            client: Any = state_client(session, 1)
            get(client)
            assert pool_of(client) is not None
            with pytest.raises(ResponseParserError):
                get(client)

    def test_keep_the_connection(self, session: Session) -> None:
        with aws() as server:
            client = with_first_attempts(a_client(session, server.url), session)
            pool = pool_of(client)
            get(client)
            kept = pool._idle[0]
            get(client)
            assert list(pool._idle) == [kept]

    def test_take_a_new_connection_for_one_that_was_ended(self, session: Session) -> None:
        with aws(GOOD, Answer(headers={"Connection": "close"})) as server:
            client = with_first_attempts(a_client(session, server.url, attempts=1), session)
            get(client)
            assert not pool_of(client)._idle
            get(client)
            (kept,) = pool_of(client)._idle
            kept.shutdown(2)
            get(client)
        assert len(server.requests) == 4

    def test_of_many_threads_do_not_mix(self, session: Session) -> None:
        """What one met is handed over to its own call, and not to another's."""
        plays = [error("ThrottlingException"), GOOD] * 20
        with aws(GOOD, *plays) as server:
            client = with_first_attempts(a_client(session, server.url, attempts=9), session)
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
        client = a_client(session, "http://127.0.0.1:9")
        attempt_first(client, nobody, "GetItem")
        assert "get_item" not in vars(client)

    @pytest.mark.parametrize(
        ("region", "more", "account"),
        [
            ("us-gov-east-1", {"use_fips_endpoint": True}, None),
            ("us-iso-east-1", {"use_dualstack_endpoint": True}, None),
            ("eu-west-1", {}, "123456789012"),
            ("local", {}, None),
        ],
    )
    def test_go_where_botocore_sends_and_signs_for(
        self, region: str, more: dict[str, Any], account: str | None
    ) -> None:
        session: Any = Session("key", "secret", region_name=region, aws_account_id=account)
        client = session.client("dynamodb", config=Config(**more))
        sent: list[Any] = []

        def instead(request: Any, **_: Any) -> AWSResponse:
            sent.append(request)
            raw: Any = Said(GOOD.body)
            headers: Any = {}
            return AWSResponse(request.url, 200, headers, raw)

        attempt_first(client, session, "GetItem")
        client.meta.events.register("before-send.dynamodb", instead)
        get(client)
        pool, signer = client.get_item.way.known
        (request,) = sent
        assert pool.url == request.url
        assert signer.host == urlsplit(request.url).netloc
        scope = f"/{signer.region}/{signer.service}/aws4_request,"
        assert scope.encode() in request.headers["Authorization"]

    def test_can_be_left_to_botocore_again(self, session: Session) -> None:
        client = a_client(session, "http://127.0.0.1:9")
        attempt_first(client, session, "GetItem", "PutItem")
        assert {"get_item", "put_item"} <= set(vars(client))
        leave_to_botocore(client)
        assert not {"get_item", "put_item"} & set(vars(client))

    def test_put_nothing_into_headers_that_ends_them(self) -> None:
        session = Session("key", "secret", "token", "eu-west-1")
        with aws() as server:
            client = with_first_attempts(a_client(session, server.url, attempts=1), session)
            credentials: Any = session.get_credentials()
            credentials.token = "a\r\nX-Injected: token"
            assert ended(lambda: get(client)) == "HTTPClientError"
        assert len(server.requests) == 1

    def test_show_no_secret(self, session: Session) -> None:
        with aws() as server:
            client = with_first_attempts(a_client(session, server.url), session)
        assert "secret" not in repr(client.get_item) + repr(client.get_item.way.known)

    def test_read_the_refusal_of_a_request_that_is_not_read(self, session: Session) -> None:
        """Too large, by its head: the server answers and hangs up while we still send."""
        huge = {"userId": {"S": "u"}, "notes": {"S": "x" * 20_000_000}}
        with refusing() as url:
            client = a_client(session, url, attempts=1)
            with_first_attempts(client, session)
            with pytest.raises(ClientError, match="ValidationException"):
                client.put_item(TableName="shops", Item=huge)


class TestMessages:
    """SQS has the same protocol, and its answers to some calls have no body."""

    @pytest.fixture
    def config(self) -> Config:
        return Config(read_timeout=PATIENT, retries={"total_max_attempts": 1, "mode": "standard"})

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
        assert received(session, config, told) == (told, 2)

    def test_with_binary_attributes_are_read_by_botocore(
        self, session: Session, config: Config
    ) -> None:
        attribute = {"BinaryValue": "AAEC", "DataType": "Binary"}
        told = {"Messages": [{"MessageId": "m", "MessageAttributes": {"a": attribute}}]}
        answer, requests = received(session, config, told)
        (message,) = answer["Messages"]
        assert message["MessageAttributes"]["a"]["BinaryValue"] == b"\x00\x01\x02"
        assert requests == 2

    def test_are_deleted_by_an_answer_without_a_body(
        self, session: Session, config: Config
    ) -> None:
        with pytest.MonkeyPatch.context() as patch, aws(*(Answer(body=b""),) * 2) as it:
            patch.setenv("AWS_ENDPOINT_URL_SQS", it.url)
            client: Any = queue_client(session, config)
            for _ in range(2):
                client.delete_message(QueueUrl=f"{it.url}/1/q", ReceiptHandle="r")
        assert len(it.requests) == 2


def told(headers: dict[str, str]) -> dict[str, str]:
    """What is not about one attempt; of the signature what was signed for whom."""
    kept = {k.lower(): v for k, v in headers.items() if not k.lower().startswith("amz-sdk-")}
    del kept["x-amz-date"], kept["content-length"]  # botocore's JSON has spaces
    scope, names, _ = kept.pop("authorization").split(", ")
    signed = names.removeprefix("SignedHeaders=").split(";")
    return {**kept, "scope": scope, "signed": ";".join(n for n in signed if "amz-sdk" not in n)}


def received(session: Session, config: Config, told: dict[str, Any]) -> tuple[Any, int]:
    """What our own attempt makes of the messages, and how many requests there were by then."""
    answer = Answer(body=json.dumps(told).encode())
    with pytest.MonkeyPatch.context() as patch, aws(answer, answer) as it:
        patch.setenv("AWS_ENDPOINT_URL_SQS", it.url)
        client: Any = queue_client(session, config)
        client.receive_message(QueueUrl=f"{it.url}/1/q")
        return client.receive_message(QueueUrl=f"{it.url}/1/q"), len(it.requests)
