"""The strict SQS over HTTP, as boto3 sees it."""

import socket
import time
from collections.abc import Iterator
from threading import Thread
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.strict_sqs.desk import TROUBLES
from sandbox.strict_sqs.server import StrictSqsServer
from tests.e2e.running import wait_until

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@pytest.fixture
def server() -> Iterator[StrictSqsServer]:
    with StrictSqsServer() as running:
        yield running


@pytest.fixture
def sqs(server: StrictSqsServer) -> Iterator["SQSClient"]:
    client = boto3.client(
        "sqs",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
    )
    yield client
    client.close()


@pytest.fixture
def queue(sqs: "SQSClient") -> str:
    return sqs.create_queue(QueueName="q")["QueueUrl"]


class TestTheServer:
    def test_speaks_boto3_s_protocol(self, sqs: "SQSClient", queue: str) -> None:
        attributes = {
            "text": {"DataType": "String", "StringValue": "ü"},
            "bytes": {"DataType": "Binary.odd", "BinaryValue": b"\x00\xff"},
        }
        sent = sqs.send_message(
            QueueUrl=queue,
            MessageBody="héllo",
            MessageAttributes=attributes,  # type: ignore[arg-type] # a dict of dicts
            MessageGroupId="user",
        )
        (message,) = sqs.receive_message(
            QueueUrl=queue, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        )["Messages"]
        assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "héllo")
        assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
        assert message["MessageAttributes"] == attributes
        assert message["Attributes"]["MessageGroupId"] == "user"
        found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        assert found["ApproximateNumberOfMessagesNotVisible"] == "1"

    def test_refuses_under_the_codes_that_boto3_knows(self, sqs: "SQSClient", queue: str) -> None:
        with pytest.raises(sqs.exceptions.QueueDoesNotExist) as refused:
            sqs.receive_message(QueueUrl=queue + "-other")
        code = refused.value.response["Error"]["Code"]
        assert code == "AWS.SimpleQueueService.NonExistentQueue"
        with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle="nonsense")

    def test_ends_a_long_poll_with_the_first_message(self, sqs: "SQSClient", queue: str) -> None:
        found: list[str] = []

        def poll() -> None:
            answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)
            found.extend(message["Body"] for message in answer["Messages"])

        polling = Thread(target=poll)
        polling.start()
        began = time.monotonic()
        sqs.send_message(QueueUrl=queue, MessageBody="hello")
        polling.join(5)
        assert found == ["hello"]
        assert time.monotonic() - began < 5

    def test_answers_a_long_poll_at_its_end(self, sqs: "SQSClient", queue: str) -> None:
        began = time.monotonic()
        assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)
        assert time.monotonic() - began >= 1

    @pytest.mark.parametrize(
        ("trouble", "status"),
        [("server-error", 500), ("throttled", 400), ("access-denied", 403)],
    )
    def test_has_the_trouble_it_is_told_to_have(
        self, server: StrictSqsServer, sqs: "SQSClient", trouble: str, status: int
    ) -> None:
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        server.desk.trouble("ReceiveMessage", trouble, 60)
        with pytest.raises(ClientError) as refused:
            sqs.receive_message(QueueUrl=queue)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
        assert refused.value.response["Error"]["Code"] == TROUBLES[trouble].code
        server.desk.trouble("ReceiveMessage", trouble, 0)
        sqs.receive_message(QueueUrl=queue)
        assert [call.status for call in server.desk.since(0.0)] == [status, 200]

    def test_hands_nothing_to_a_client_that_has_hung_up(
        self, server: StrictSqsServer, sqs: "SQSClient", queue: str
    ) -> None:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AmazonSQS.ReceiveMessage\r\n"
        body = b'{"QueueUrl": "%b", "WaitTimeSeconds": 20}' % queue.encode()
        host, _, port = server.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as gone:
            gone.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        wait_until(lambda: server.desk.since(0.0), within=5)
        sqs.send_message(QueueUrl=queue, MessageBody="hello")
        assert len(sqs.receive_message(QueueUrl=queue)["Messages"]) == 1
