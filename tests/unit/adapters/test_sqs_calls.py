"""How the SQS adapters take answers that are not what one would like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from boto3.session import Session

from adapters.sqs_clients import QueueUrls
from adapters.sqs_inbox import SqsInbox
from adapters.sqs_publisher import SqsPublisher
from domain.deliveries import Received
from domain.failures import Permanent, Reason, Transient
from entrypoints.messages import encode
from tests.builders import NOW, a_continuation
from tests.fakes.clock import FakeClock
from tests.raw_server import RawServer, raw_server
from tests.sqs import clients_at

AT_ONCE = timedelta(0)
HOUR = timedelta(hours=1)


def a_message(number: int = 1, body: str = "body") -> Received:
    return Received(f"message-{number}", f"receipt-{number}", body, 1, NOW)


def an_answer(body: object, status: str = "200 OK") -> bytes:
    text = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\n"
    return f"{head}Connection: close\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text


def an_error(code: str, status: str = "400 Bad Request") -> bytes:
    return an_answer({"__type": f"com.amazonaws.sqs#{code}", "message": "as arranged"}, status)


@contextmanager
def answering(session: Session, answer: bytes) -> Iterator[tuple[SqsInbox, RawServer]]:
    """An inbox whose every call is answered by these bytes."""
    with raw_server(answer) as server:
        url = f"http://127.0.0.1:{server.port}"
        clients = clients_at(session, url)
        yield SqsInbox(clients, QueueUrls(f"{url}/1/queue", f"{url}/1/dlq")), server
        for client in (clients.receive, clients.settle, clients.send):
            client.close()


class TestSqsInbox:
    def test_says_that_sqs_cannot_be_reached(self, sqs_session: Session) -> None:
        with answering(sqs_session, b"") as (inbox, server), pytest.raises(Transient):
            inbox.receive(1, AT_ONCE)
        assert len(server.requests) == 1

    def test_takes_an_answer_without_messages_for_none(self, sqs_session: Session) -> None:
        with answering(sqs_session, an_answer({})) as (inbox, _):
            assert inbox.receive(1, AT_ONCE) == ()

    def test_backs_off_when_receiving_is_throttled(self, sqs_session: Session) -> None:
        throttled = an_error("RequestThrottled")
        with answering(sqs_session, throttled) as (inbox, server), pytest.raises(Transient):
            inbox.receive(1, AT_ONCE)
        assert len(server.requests) == 1

    @pytest.mark.parametrize("code", ["QueueDoesNotExist", "AccessDeniedException"])
    def test_says_that_the_queue_is_refused(self, sqs_session: Session, code: str) -> None:
        with answering(sqs_session, an_error(code)) as (inbox, _), pytest.raises(Permanent):
            inbox.receive(1, AT_ONCE)

    def test_asks_for_whole_seconds_only(self, sqs_session: Session) -> None:
        with answering(sqs_session, an_answer({})) as (inbox, server):
            inbox.receive(3, timedelta(seconds=2.5))
        asked = json.loads(server.requests[0].partition(b"\r\n\r\n")[2])
        assert (asked["WaitTimeSeconds"], asked["MaxNumberOfMessages"]) == (2, 3)

    def test_reads_which_entries_failed(self, sqs_session: Session) -> None:
        messages = tuple(a_message(number) for number in range(3))
        failed = [{"Id": "1", "SenderFault": True, "Code": "ReceiptHandleIsInvalid"}]
        answer = an_answer({"Successful": [{"Id": "0"}], "Failed": failed})
        with answering(sqs_session, answer) as (inbox, _):
            assert inbox.extend(messages, HOUR) == messages[1:]

    def test_reads_which_messages_were_not_deleted(self, sqs_session: Session) -> None:
        messages = tuple(a_message(number) for number in range(3))
        failed = [{"Id": "1", "SenderFault": False, "Code": "InternalError"}]
        answer = an_answer({"Successful": [{"Id": "0"}, {"Id": "2"}], "Failed": failed})
        with answering(sqs_session, answer) as (inbox, server):
            assert inbox.delete_all(messages) == messages[1:2]
        asked = json.loads(server.requests[0].partition(b"\r\n\r\n")[2])
        assert [entry["Id"] for entry in asked["Entries"]] == ["0", "1", "2"]

    def test_sends_a_copy_once_though_the_answer_is_lost(self, sqs_session: Session) -> None:
        with answering(sqs_session, b"") as (inbox, server), pytest.raises(Transient):
            inbox.send_again(a_message(), HOUR, NOW)
        assert len(server.requests) == 1

    def test_tries_every_chunk_though_one_is_refused(self, sqs_session: Session) -> None:
        messages = tuple(a_message(number) for number in range(21))
        refused = an_error("AccessDeniedException")
        with answering(sqs_session, refused) as (inbox, server), pytest.raises(Permanent):
            inbox.extend(messages, HOUR)
        assert len(server.requests) == 3

    def test_does_not_mind_hiding_what_is_visible_already(self, sqs_session: Session) -> None:
        with answering(sqs_session, an_error("MessageNotInflight")) as (inbox, _):
            inbox.hide(a_message(), AT_ONCE)

    def test_minds_an_invalid_receipt(self, sqs_session: Session) -> None:
        invalid = an_error("ReceiptHandleIsInvalid")
        with answering(sqs_session, invalid) as (inbox, _), pytest.raises(Permanent):
            inbox.delete(a_message())

    def test_refuses_to_send_what_no_queue_takes(self, sqs_session: Session) -> None:
        message = a_message(body="ü" * 600_000)
        with answering(sqs_session, an_answer({})) as (inbox, server), pytest.raises(Permanent):
            inbox.dead_letter(message, Reason.INVALID_MESSAGE, "error", NOW)
        assert server.requests == []


class TestSqsPublisher:
    @pytest.mark.parametrize("answer", [b"", an_error("ServiceUnavailable", "503 Busy")])
    def test_sends_once_though_the_answer_is_lost(
        self, sqs_session: Session, answer: bytes
    ) -> None:
        with answering(sqs_session, answer) as (inbox, server):
            publisher = SqsPublisher(inbox.clients.send, inbox.urls, encode, FakeClock())
            with pytest.raises(Transient):
                publisher.publish(a_continuation(), AT_ONCE)
        assert len(server.requests) == 1
