"""The local AWS endpoints, in their own process and over HTTP, as a worker uses them."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.processes import Sandbox

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

UNIQUE = count(1)
THREADS = 16


def options(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "endpoint_url": sandbox.aws_url,
        "region_name": "us-east-1",
        "aws_access_key_id": "sandbox",
        "aws_secret_access_key": "sandbox",
        "config": Config(max_pool_connections=THREADS, retries={"max_attempts": 1}),
    }


@pytest.fixture(scope="module")
def sqs(sandbox: Sandbox) -> Iterator["SQSClient"]:
    client = boto3.client("sqs", **options(sandbox))
    yield client
    client.close()


@pytest.fixture(scope="module")
def dynamodb(sandbox: Sandbox) -> Iterator["DynamoDBClient"]:
    client = boto3.client("dynamodb", **options(sandbox))
    yield client
    client.close()


@pytest.fixture
def queue(sqs: "SQSClient") -> str:
    attributes = {"VisibilityTimeout": "30"}
    name = f"queue-{next(UNIQUE)}"
    return sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]  # the stubs want literals


@pytest.fixture
def table(dynamodb: "DynamoDBClient") -> str:
    name = f"orders-{next(UNIQUE)}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "userId", "KeyType": "HASH"},
            {"AttributeName": "orderId", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "userId", "AttributeType": "S"},
            {"AttributeName": "orderId", "AttributeType": "S"},
            {"AttributeName": "shop", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-shop",
                "KeySchema": [{"AttributeName": "shop", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def item(number: int, **more: str) -> dict[str, Any]:
    values = {"userId": "user", "orderId": str(number), "shop": "a-shop", **more}
    return {name: {"S": value} for name, value in values.items()}


def puts(*items: dict[str, Any]) -> list[Any]:
    return [{"PutRequest": {"Item": each}} for each in items]


class TestAQueue:
    def test_delivers_each_message_to_one_of_many_threads(
        self, sqs: "SQSClient", queue: str
    ) -> None:
        for tens in range(20):
            entries = [{"Id": str(n), "MessageBody": f"{tens}{n}"} for n in range(10)]
            sqs.send_message_batch(QueueUrl=queue, Entries=entries)  # type: ignore[arg-type]  # plain dicts do

        def consume(_: int) -> list[str]:
            bodies: list[str] = []
            while True:
                found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=5)
                if "Messages" not in found:
                    return bodies
                for message in found["Messages"]:
                    bodies.append(message["Body"])
                    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

        with ThreadPoolExecutor(THREADS) as threads:
            consumed = Counter(
                body for part in threads.map(consume, range(THREADS)) for body in part
            )

        assert len(consumed) == 200
        assert set(consumed.values()) == {1}

    def test_gives_a_message_group_and_a_receive_count_back(
        self, sqs: "SQSClient", queue: str
    ) -> None:
        sqs.send_message(QueueUrl=queue, MessageBody="page", MessageGroupId="user-1")

        for receives in ("1", "2"):
            message = sqs.receive_message(
                QueueUrl=queue,
                MessageSystemAttributeNames=["All"],
                VisibilityTimeout=0,
                WaitTimeSeconds=5,
            )["Messages"][0]
            assert message["Attributes"]["MessageGroupId"] == "user-1"
            assert message["Attributes"]["ApproximateReceiveCount"] == receives
            assert int(message["Attributes"]["SentTimestamp"]) > 0

    def test_keeps_a_delayed_message_back(self, sqs: "SQSClient", queue: str) -> None:
        sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=900)

        assert "Messages" not in sqs.receive_message(QueueUrl=queue)
        names = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        assert names["ApproximateNumberOfMessagesDelayed"] == "1"

    def test_refuses_a_delay_above_900_seconds(self, sqs: "SQSClient", queue: str) -> None:
        with pytest.raises(ClientError, match="InvalidParameterValue"):
            sqs.send_message(QueueUrl=queue, MessageBody="never", DelaySeconds=901)

    def test_lets_a_stale_receipt_handle_delete_nothing(self, sqs: "SQSClient", queue: str) -> None:
        stale, fresh = self._received_twice(sqs, queue)

        sqs.delete_message(QueueUrl=queue, ReceiptHandle=stale)
        left = sqs.get_queue_attributes(
            QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
        )["Attributes"]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=fresh)

        assert left == {"ApproximateNumberOfMessagesNotVisible": "1"}

    def test_refuses_to_change_visibility_by_a_stale_receipt_handle(
        self, sqs: "SQSClient", queue: str
    ) -> None:
        stale, fresh = self._received_twice(sqs, queue)

        with pytest.raises(ClientError, match="MessageNotInflight"):
            sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=stale, VisibilityTimeout=10)
        answer = sqs.change_message_visibility_batch(
            QueueUrl=queue,
            Entries=[
                {"Id": "stale", "ReceiptHandle": stale, "VisibilityTimeout": 10},
                {"Id": "fresh", "ReceiptHandle": fresh, "VisibilityTimeout": 10},
            ],
        )

        assert [each["Id"] for each in answer["Successful"]] == ["fresh"]
        assert [each["Id"] for each in answer["Failed"]] == ["stale"]

    def test_refuses_to_hide_a_message_that_is_visible_again(
        self, sqs: "SQSClient", queue: str
    ) -> None:
        sqs.send_message(QueueUrl=queue, MessageBody="page")
        late = sqs.receive_message(QueueUrl=queue)["Messages"][0]["ReceiptHandle"]
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=late, VisibilityTimeout=0)

        with pytest.raises(ClientError, match="MessageNotInflight"):
            sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=late, VisibilityTimeout=10)

        assert len(sqs.receive_message(QueueUrl=queue)["Messages"]) == 1

    def _received_twice(self, sqs: "SQSClient", queue: str) -> tuple[str, str]:
        sqs.send_message(QueueUrl=queue, MessageBody="page")
        first = sqs.receive_message(QueueUrl=queue)["Messages"][0]["ReceiptHandle"]
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=first, VisibilityTimeout=0)
        second = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]
        return first, second["ReceiptHandle"]

    def test_keeps_nobody_waiting_while_it_is_polled(self, sqs: "SQSClient", queue: str) -> None:
        with ThreadPoolExecutor(4) as threads:
            polls = [
                threads.submit(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=10)
                for _ in range(4)
            ]
            started = time.monotonic()
            for number in range(4):
                sqs.send_message(QueueUrl=queue, MessageBody=str(number))
            bodies = {poll.result()["Messages"][0]["Body"] for poll in polls}
            took = time.monotonic() - started

        assert bodies == {"0", "1", "2", "3"}
        assert took < 5

    def test_waits_as_long_as_its_own_setting_says(self, sqs: "SQSClient") -> None:
        attributes: Any = {"ReceiveMessageWaitTimeSeconds": "1"}
        url = sqs.create_queue(QueueName=f"queue-{next(UNIQUE)}", Attributes=attributes)["QueueUrl"]
        started = time.monotonic()

        found = sqs.receive_message(QueueUrl=url)

        assert "Messages" not in found
        assert 0.9 < time.monotonic() - started < 5

    def test_refuses_a_wait_above_20_seconds(self, sqs: "SQSClient", queue: str) -> None:
        with pytest.raises(ClientError, match="InvalidParameterValue"):
            sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=21)

    def test_that_does_not_exist_is_named_so(self, sqs: "SQSClient", queue: str) -> None:
        with pytest.raises(sqs.exceptions.QueueDoesNotExist):
            sqs.receive_message(QueueUrl=f"{queue}-not", WaitTimeSeconds=1)

    def test_moves_a_message_received_too_often_to_its_dlq(self, sqs: "SQSClient") -> None:
        dlq = sqs.create_queue(QueueName=f"dlq-{next(UNIQUE)}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dlq, AttributeNames=["QueueArn"])["Attributes"]
        policy = f'{{"deadLetterTargetArn": "{arn["QueueArn"]}", "maxReceiveCount": "1"}}'
        attributes: Any = {"RedrivePolicy": policy, "VisibilityTimeout": "0"}
        url = sqs.create_queue(QueueName=f"queue-{next(UNIQUE)}", Attributes=attributes)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="poison")

        sqs.receive_message(QueueUrl=url)
        again = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)

        assert "Messages" not in again
        assert sqs.receive_message(QueueUrl=dlq)["Messages"][0]["Body"] == "poison"


class TestATable:
    def test_lets_one_of_many_conditional_puts_win(
        self, dynamodb: "DynamoDBClient", table: str
    ) -> None:
        def claim(number: int) -> bool:
            try:
                dynamodb.put_item(
                    TableName=table,
                    Item=item(number // THREADS, owner=str(number)),
                    ConditionExpression="attribute_not_exists(orderId)",
                )
            except dynamodb.exceptions.ConditionalCheckFailedException:
                return False
            return True

        with ThreadPoolExecutor(THREADS) as threads:
            won = list(threads.map(claim, range(THREADS * 8)))

        assert won.count(True) == 8

    def test_loses_no_increment(self, dynamodb: "DynamoDBClient", table: str) -> None:
        def add(_: int) -> None:
            dynamodb.update_item(
                TableName=table,
                Key={"userId": {"S": "user"}, "orderId": {"S": "sum"}},
                UpdateExpression="ADD saved :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(add, range(120)))

        key: Any = {"userId": {"S": "user"}, "orderId": {"S": "sum"}}
        assert dynamodb.get_item(TableName=table, Key=key)["Item"]["saved"] == {"N": "120"}

    def test_shows_the_item_that_failed_a_condition(
        self, dynamodb: "DynamoDBClient", table: str
    ) -> None:
        dynamodb.put_item(TableName=table, Item=item(1, token="first"))

        with pytest.raises(ClientError) as failed:
            dynamodb.put_item(
                TableName=table,
                Item=item(1, token="second"),
                ConditionExpression="attribute_not_exists(orderId)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )

        response: Any = failed.value.response
        assert response["Error"]["Code"] == "ConditionalCheckFailedException"
        assert response["Item"]["token"] == {"S": "first"}

    def test_does_all_of_a_transaction_or_nothing(
        self, dynamodb: "DynamoDBClient", table: str
    ) -> None:
        dynamodb.put_item(TableName=table, Item=item(1, state="old"))
        dynamodb.put_item(TableName=table, Item=item(2, state="old"))
        unless_there: Any = {
            "TableName": table,
            "Item": item(2, state="new"),
            "ConditionExpression": "attribute_not_exists(orderId)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        update: Any = {
            "TableName": table,
            "Key": {"userId": {"S": "user"}, "orderId": {"S": "1"}},
            "UpdateExpression": "SET #s = :new",
            "ExpressionAttributeNames": {"#s": "state"},
            "ExpressionAttributeValues": {":new": {"S": "new"}},
        }

        with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as failed:
            dynamodb.transact_write_items(
                TransactItems=[
                    {"Update": update},
                    {"Put": {"TableName": table, "Item": item(3)}},
                    {"Put": unless_there},
                ]
            )

        response: Any = failed.value.response
        reasons = response["CancellationReasons"]
        assert [reason["Code"] for reason in reasons] == ["None", "None", "ConditionalCheckFailed"]
        assert reasons[2]["Item"]["state"] == {"S": "old"}
        stored = dynamodb.scan(TableName=table)["Items"]
        states = {found["orderId"]["S"]: found["state"]["S"] for found in stored}
        assert states == {"1": "old", "2": "old"}

    def test_is_queried_by_an_index(self, dynamodb: "DynamoDBClient", table: str) -> None:
        dynamodb.put_item(TableName=table, Item=item(1, shop="one"))
        dynamodb.put_item(TableName=table, Item=item(2, shop="two"))

        found = dynamodb.query(
            TableName=table,
            IndexName="by-shop",
            KeyConditionExpression="shop = :shop",
            ExpressionAttributeValues={":shop": {"S": "two"}},
        )

        assert [each["orderId"]["S"] for each in found["Items"]] == ["2"]

    def test_takes_a_batch_of_25(self, dynamodb: "DynamoDBClient", table: str) -> None:
        dynamodb.batch_write_item(RequestItems={table: puts(*map(item, range(25)))})

        assert dynamodb.scan(TableName=table, Select="COUNT")["Count"] == 25

    @pytest.mark.parametrize(
        ("items", "reason"),
        [
            ([item(number) for number in range(26)], "Too many items"),
            ([item(1, note="a"), item(1, note="b")], "duplicates"),
            ([item(1), item(2, note="x" * 410_000)], "Item size has exceeded"),
        ],
    )
    def test_refuses_a_batch_that_dynamodb_refuses_and_writes_none_of_it(
        self, dynamodb: "DynamoDBClient", table: str, items: list[dict[str, Any]], reason: str
    ) -> None:
        with pytest.raises(ClientError, match=f"ValidationException.*{reason}"):
            dynamodb.batch_write_item(RequestItems={table: puts(*items)})

        assert dynamodb.scan(TableName=table, Select="COUNT")["Count"] == 0

    def test_refuses_an_item_above_400_kb(self, dynamodb: "DynamoDBClient", table: str) -> None:
        with pytest.raises(ClientError, match=r"ValidationException.*Item size"):
            dynamodb.put_item(TableName=table, Item=item(1, note="x" * 410_000))
        with pytest.raises(ClientError, match=r"ValidationException.*Item size"):
            dynamodb.transact_write_items(
                TransactItems=[{"Put": {"TableName": table, "Item": item(1, note="x" * 410_000)}}]
            )


class TestAnOperationThatIsNotPlayed:
    def test_is_refused_as_unknown(self, sqs: "SQSClient") -> None:
        with pytest.raises(ClientError, match="UnknownOperation"):
            sqs.list_message_move_tasks(SourceArn="arn:aws:sqs:us-east-1:123456789012:dlq")
