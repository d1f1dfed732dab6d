"""The faults between a client of AWS's and the local endpoint, over HTTP."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError

from sandbox.aws.fates import Fates, Rates
from sandbox.aws.fault_proxy import CONTROL, FaultProxy
from sandbox.aws.server import Call
from sandbox.aws.upstream import Upstream, forward
from sandbox.processes import Sandbox
from tests.e2e.running import wait_until

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

UNIQUE = count(1)
SEED = 3


@dataclass(frozen=True)
class Clients:
    """Of one endpoint; each call is tried once."""

    dynamodb: DynamoDBClient
    sqs: SQSClient

    @classmethod
    def of(cls, url: str) -> Clients:
        options: dict[str, Any] = {
            "endpoint_url": url,
            "region_name": "us-east-1",
            "aws_access_key_id": "sandbox",
            "aws_secret_access_key": "sandbox",
            "config": Config(retries={"total_max_attempts": 1, "mode": "standard"}),
        }
        return cls(boto3.client("dynamodb", **options), boto3.client("sqs", **options))

    def close(self) -> None:
        self.dynamodb.close()
        self.sqs.close()


@dataclass(frozen=True)
class Faults:
    """A proxy and clients on both sides of it; a table and a queue behind it."""

    proxy: FaultProxy
    before: Clients
    behind: Clients
    table: str
    queue: str

    def state(self, method: str = "GET", **rates: Any) -> dict[str, Any]:
        answer = requests.request(method, self.proxy.url + CONTROL, json=rates or None, timeout=10)
        found: dict[str, Any] = answer.json()
        return {**found, "status": answer.status_code}

    def stored(self) -> set[str]:
        items = self.behind.dynamodb.scan(TableName=self.table)["Items"]
        return {item["id"]["S"] for item in items}


@contextmanager
def faults(sandbox: Sandbox, **rates: float) -> Iterator[Faults]:
    behind = Clients.of(sandbox.aws_url)
    name = f"faults-{next(UNIQUE)}"
    behind.dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    queue = behind.sqs.create_queue(QueueName=name)["QueueUrl"]
    with FaultProxy(sandbox.aws_url, Fates(SEED, Rates(**rates))) as proxy:
        before = Clients.of(proxy.url)
        yield Faults(proxy, before, behind, name, queue)
        before.close()
    behind.close()


def puts(numbers: range) -> list[Any]:
    return [{"PutRequest": {"Item": {"id": {"S": str(n)}, "n": {"N": "1"}}}} for n in numbers]


class TestTheFaultProxy:
    def test_forwards_what_no_mishap_befalls(self, sandbox: Sandbox) -> None:
        with faults(sandbox) as at:
            at.before.dynamodb.put_item(TableName=at.table, Item={"id": {"S": "é"}})
            at.before.sqs.send_message(QueueUrl=at.queue, MessageBody="a body")

            (message,) = at.before.sqs.receive_message(QueueUrl=at.queue)["Messages"]

            assert at.stored() == {"é"}
            assert message["Body"] == "a body"
            assert at.state()["calls"] == {"PutItem": 1, "SendMessage": 1, "ReceiveMessage": 1}
            assert at.state()["happened"] == {}

    def test_passes_refusals_on(self, sandbox: Sandbox) -> None:
        with faults(sandbox) as at, pytest.raises(ClientError) as refused:
            at.before.dynamodb.get_item(TableName="no-such-table", Key={"id": {"S": "1"}})
        assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"

    def test_loses_the_answer_of_a_call_that_took_effect(self, sandbox: Sandbox) -> None:
        with faults(sandbox, lost=1) as at:
            with pytest.raises(ConnectionClosedError):
                at.before.dynamodb.put_item(TableName=at.table, Item={"id": {"S": "1"}})
            assert at.stored() == {"1"}
            assert at.state()["happened"] == {"lost": {"PutItem": 1}}

    def test_delays_the_answer_of_a_call_that_took_effect(self, sandbox: Sandbox) -> None:
        with faults(sandbox, late=1, longest_delay=0.4) as at:
            chance = Fates(SEED, Rates()).of("AmazonSQS.SendMessage").chance
            delay = chance.uniform(0, 0.4)
            began = time.monotonic()
            at.before.sqs.send_message(QueueUrl=at.queue, MessageBody="x")
            assert time.monotonic() - began >= delay > 0
            assert at.state()["happened"] == {"late": {"SendMessage": 1}}

    def test_fails_without_forwarding(self, sandbox: Sandbox) -> None:
        with faults(sandbox, server_error=1) as at:
            with pytest.raises(ClientError) as database:
                at.before.dynamodb.put_item(TableName=at.table, Item={"id": {"S": "1"}})
            with pytest.raises(ClientError) as queue:
                at.before.sqs.send_message(QueueUrl=at.queue, MessageBody="x")
            assert at.stored() == set()
            assert "Messages" not in at.behind.sqs.receive_message(QueueUrl=at.queue)
        for error, code in (
            (database, "InternalServerError"),
            (queue, "InternalFailure"),
        ):
            assert error.value.response["Error"]["Code"] == code
            assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500

    def test_throttles_in_the_shape_of_each_service(self, sandbox: Sandbox) -> None:
        codes = set()
        with faults(sandbox, throttled=1) as at:
            for _ in range(10):
                with pytest.raises(ClientError) as database:
                    at.before.dynamodb.put_item(TableName=at.table, Item={"id": {"S": "1"}})
                codes.add(database.value.response["Error"]["Code"])
            with pytest.raises(ClientError) as queue:
                at.before.sqs.send_message(QueueUrl=at.queue, MessageBody="x")
            assert at.stored() == set()
        assert codes == {"ProvisionedThroughputExceededException", "ThrottlingException"}
        assert queue.value.response["Error"]["Code"] == "RequestThrottled"

    def test_throttles_a_transaction_because_of_one_of_its_items(self, sandbox: Sandbox) -> None:
        writes: Any = [{"Put": {"TableName": "t", "Item": {"id": {"S": str(n)}}}} for n in range(4)]
        cancelled = []
        with faults(sandbox, throttled=1) as at:
            for _ in range(10):
                with pytest.raises(ClientError) as error:
                    at.before.dynamodb.transact_write_items(TransactItems=writes)
                if error.value.response["Error"]["Code"] == "TransactionCanceledException":
                    answer: Any = error.value.response
                    cancelled.append([each["Code"] for each in answer["CancellationReasons"]])
        assert 0 < len(cancelled) < 10
        for codes in cancelled:
            assert sorted(codes) == ["None", "None", "None", "ThrottlingError"]

    def test_leaves_a_part_of_a_batch_unwritten(self, sandbox: Sandbox) -> None:
        with faults(sandbox, unprocessed=1) as at:
            answer = at.before.dynamodb.batch_write_item(RequestItems={at.table: puts(range(25))})
            left_out = {
                write["PutRequest"]["Item"]["id"]["S"]
                for write in answer["UnprocessedItems"][at.table]
            }
            stored = at.stored()
            assert at.state()["happened"] == {"unprocessed": {"BatchWriteItem": 1}}
        assert left_out
        assert stored
        assert left_out ^ stored == {str(n) for n in range(25)}

    def test_leaves_a_part_of_a_batch_unread(self, sandbox: Sandbox) -> None:
        with faults(sandbox, unprocessed=1) as at:
            at.behind.dynamodb.batch_write_item(RequestItems={at.table: puts(range(20))})
            keys: Any = [{"id": {"S": str(n)}} for n in range(20)]
            asked: Any = {"Keys": keys, "ProjectionExpression": "id", "ConsistentRead": True}
            answer = at.before.dynamodb.batch_get_item(RequestItems={at.table: asked})
        rest: Any = answer["UnprocessedKeys"][at.table]
        read = answer["Responses"][at.table]
        assert 0 < len(rest["Keys"]) < 20
        assert sorted([*read, *rest["Keys"]], key=str) == sorted(keys, key=str)
        assert {name: rest[name] for name in rest if name != "Keys"} == {
            "ProjectionExpression": "id",
            "ConsistentRead": True,
        }

    def test_leaves_a_batch_of_one_alone(self, sandbox: Sandbox) -> None:
        with faults(sandbox, unprocessed=1) as at:
            answer = at.before.dynamodb.batch_write_item(RequestItems={at.table: puts(range(1))})
            assert not answer.get("UnprocessedItems")
            assert at.stored() == {"0"}
            assert at.state()["happened"] == {}

    def test_is_switched_off_and_on_while_it_runs(self, sandbox: Sandbox) -> None:
        with faults(sandbox, server_error=1) as at:
            assert at.state("DELETE")["on"] is False
            at.before.dynamodb.put_item(TableName=at.table, Item={"id": {"S": "1"}})
            assert at.state("POST", server_error=0, lost=1)["rates"]["lost"] == 1
            with pytest.raises(ConnectionClosedError):
                at.before.sqs.send_message(QueueUrl=at.queue, MessageBody="x")

    @pytest.mark.parametrize("wrong", [{"lost": 2}, {"lost": "often"}, {"gremlins": 0.1}])
    def test_refuses_rates_that_make_no_sense(
        self, sandbox: Sandbox, wrong: dict[str, Any]
    ) -> None:
        with faults(sandbox, late=0.5) as at:
            refused = at.state("POST", **wrong)
            assert refused["status"] == 400
            assert refused["error"]
            assert at.state()["rates"]["late"] == 0.5

    def test_forwards_nothing_of_a_client_that_dies_in_its_request(self, sandbox: Sandbox) -> None:
        with faults(sandbox) as at:
            parts = urlsplit(at.proxy.url)
            head = (
                "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\n"
                'Content-Length: 500\r\n\r\n{"TableName": '
            )
            with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as client:
                client.sendall(head.encode())
                client.shutdown(socket.SHUT_WR)
                assert client.recv(100) == b""
            assert at.state()["calls"] == {}

    def test_sends_nothing_once_it_ends(self, sandbox: Sandbox) -> None:
        """A call that was counted, but not sent, would outlast the end by its whole long poll."""
        upstream = Upstream(sandbox.aws_url)
        call = Call("POST", "/", {"X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}")
        with upstream.connected() as connection:
            upstream.hang_up()
            with pytest.raises(ConnectionAbortedError):
                forward(connection, call)

    def test_ends_although_calls_are_under_way(self, sandbox: Sandbox) -> None:
        with faults(sandbox) as at, ThreadPoolExecutor(1) as pool:
            polling = pool.submit(
                at.before.sqs.receive_message, QueueUrl=at.queue, WaitTimeSeconds=20
            )
            wait_until(lambda: at.state()["calls"], within=10)
            began = time.monotonic()
            at.proxy.stop()
            assert isinstance(polling.exception(10), BotoCoreError)
            assert time.monotonic() - began < 5
