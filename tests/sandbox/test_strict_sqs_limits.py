"""The strict SQS: batches, limits and move tasks."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.strict_sqs.engine import StrictSqs
from sandbox.strict_sqs.refusals import Refused
from tests.sandbox.conftest import Clock
from tests.sandbox.test_strict_sqs import counts, dead_lettering, hide, send, take

MIB = 1_048_576
TEXT = {"DataType": "String", "StringValue": "x"}


@pytest.fixture
def clock() -> Clock:
    return Clock(1_800_000_000.0)


@pytest.fixture
def sqs(clock: Clock) -> StrictSqs:
    return StrictSqs(clock)


@pytest.fixture
def queue(sqs: StrictSqs) -> str:
    return str(sqs.create_queue(QueueName="q")["QueueUrl"])


class TestABatch:
    def test_settles_each_entry_by_itself(self, sqs: StrictSqs, queue: str) -> None:
        send(sqs, queue)
        (message,) = take(sqs, queue)
        receipts = (message["ReceiptHandle"], "nonsense")
        answer = sqs.change_message_visibility_batch(
            QueueUrl=queue,
            Entries=[
                {"Id": str(place), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for place, receipt in enumerate(receipts)
            ],
        )
        assert answer["Successful"] == [{"Id": "0"}]
        (failed,) = answer["Failed"]
        assert (failed["Id"], failed["Code"], failed["SenderFault"]) == (
            "1",
            "ReceiptHandleIsInvalid",
            True,
        )
        assert counts(sqs, queue) == (1, 0, 0)

    def test_names_no_failures_if_there_are_none(self, sqs: StrictSqs, queue: str) -> None:
        send(sqs, queue)
        (message,) = take(sqs, queue)
        entry = {"Id": "0", "ReceiptHandle": message["ReceiptHandle"]}
        answer = sqs.delete_message_batch(QueueUrl=queue, Entries=[entry])
        assert answer == {"Successful": [{"Id": "0"}]}

    def test_sends_what_can_be_sent(self, sqs: StrictSqs, queue: str) -> None:
        answer = sqs.send_message_batch(
            QueueUrl=queue,
            Entries=[
                {"Id": "good", "MessageBody": "hello"},
                {"Id": "late", "MessageBody": "hello", "DelaySeconds": 901},
            ],
        )
        assert [each["Id"] for each in answer["Successful"]] == ["good"]
        assert [each["Id"] for each in answer["Failed"]] == ["late"]

    @pytest.mark.parametrize(
        ("ids", "error"),
        [
            ([], "EmptyBatchRequest"),
            ([str(number) for number in range(11)], "TooManyEntriesInBatchRequest"),
            (["a", "a"], "BatchEntryIdsNotDistinct"),
            (["no good"], "InvalidBatchEntryId"),
        ],
    )
    def test_is_refused_as_a_whole(
        self, sqs: StrictSqs, queue: str, ids: list[str], error: str
    ) -> None:
        entries = [{"Id": each, "ReceiptHandle": "AQEB-q-1-1"} for each in ids]
        with pytest.raises(Refused, match=error):
            sqs.delete_message_batch(QueueUrl=queue, Entries=entries)

    def test_is_no_larger_than_a_message(self, sqs: StrictSqs, queue: str) -> None:
        entries = [{"Id": each, "MessageBody": "x" * (MIB // 2 + 1)} for each in "ab"]
        with pytest.raises(Refused, match="BatchRequestTooLong"):
            sqs.send_message_batch(QueueUrl=queue, Entries=entries)


class TestALimit:
    @pytest.mark.parametrize(
        "more",
        [
            {"DelaySeconds": 901},
            {"DelaySeconds": -1},
            {"DelaySeconds": 1.5},
            {"MessageBody": ""},
            {"MessageBody": "\x00"},
            {"MessageBody": "x" * (MIB + 1)},
            {"MessageBody": "ü" * (MIB // 2 + 1)},
            {"MessageBody": "x" * (MIB - 8), "MessageAttributes": {"ab": TEXT}},
            {"MessageGroupId": "no good"},
            {"MessageGroupId": "x" * 129},
            {"MessageAttributes": {str(number): TEXT for number in range(11)}},
            {"MessageAttributes": {"AWS.x": TEXT}},
            {"MessageAttributes": {".x": TEXT}},
            {"MessageAttributes": {"x": {"DataType": "Text", "StringValue": "x"}}},
            {"MessageAttributes": {"x": {"DataType": "String", "StringValue": ""}}},
        ],
        ids=lambda more: ",".join(f"{name} {str(value)[:20]}" for name, value in more.items()),
    )
    def test_is_kept_of_what_is_sent(
        self, sqs: StrictSqs, queue: str, more: dict[str, Any]
    ) -> None:
        with pytest.raises(Refused):
            sqs.send_message(**{"QueueUrl": queue, "MessageBody": "hello", **more})
        assert counts(sqs, queue) == (0, 0, 0)

    def test_is_reached_but_not_passed_by_the_largest_message(
        self, sqs: StrictSqs, queue: str
    ) -> None:
        send(sqs, queue, "x" * (MIB - 9), MessageAttributes={"ab": TEXT})
        assert counts(sqs, queue) == (1, 0, 0)

    @pytest.mark.parametrize("seconds", [-1, 43_201, 2.5, True, None])
    def test_is_kept_of_visibility(self, sqs: StrictSqs, queue: str, seconds: object) -> None:
        send(sqs, queue)
        (message,) = take(sqs, queue)
        with pytest.raises(Refused):
            hide(sqs, queue, message, seconds)

    @pytest.mark.parametrize(
        "more",
        [{"MaxNumberOfMessages": 11}, {"MaxNumberOfMessages": 0}, {"WaitTimeSeconds": 21}],
    )
    def test_is_kept_of_receiving(self, sqs: StrictSqs, queue: str, more: dict[str, int]) -> None:
        with pytest.raises(Refused, match="InvalidParameterValue"):
            take(sqs, queue, **more)

    def test_is_kept_of_queues(self, sqs: StrictSqs) -> None:
        for attributes in ({"DelaySeconds": "901"}, {"FifoQueue": "true"}, {"Nonsense": "1"}):
            with pytest.raises(Refused):
                sqs.create_queue(QueueName="other", Attributes=attributes)
        with pytest.raises(Refused) as refused:
            sqs.receive_message(QueueUrl="other")
        assert refused.value.code == "AWS.SimpleQueueService.NonExistentQueue"


class TestAMoveTask:
    def dead(self, sqs: StrictSqs, messages: int) -> tuple[str, str]:
        work, dead = dead_lettering(sqs, receives=2)
        for _ in range(messages):
            send(sqs, dead, MessageGroupId="user")
        return work, dead

    def start(self, sqs: StrictSqs, work: str, dead: str, **more: Any) -> str:
        arns = {"SourceArn": sqs.queue(dead).arn, "DestinationArn": sqs.queue(work).arn}
        return str(sqs.start_message_move_task(**arns, **more)["TaskHandle"])

    def status(self, sqs: StrictSqs, dead: str) -> dict[str, Any]:
        (task,) = sqs.list_message_move_tasks(SourceArn=sqs.queue(dead).arn)["Results"]
        found: dict[str, Any] = task
        return found

    def test_moves_as_many_a_second_as_was_asked_for(self, sqs: StrictSqs, clock: Clock) -> None:
        work, dead = self.dead(sqs, messages=10)
        self.start(sqs, work, dead, MaxNumberOfMessagesPerSecond=2)
        clock.seconds += 3
        task = self.status(sqs, dead)
        assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("RUNNING", 6)
        assert task["ApproximateNumberOfMessagesToMove"] == 10
        clock.seconds += 2
        assert self.status(sqs, dead)["Status"] == "COMPLETED"
        (first, *_) = take(sqs, work)
        assert first["Attributes"]["ApproximateReceiveCount"] == "1"
        assert first["Attributes"]["MessageGroupId"] == "user"

    def test_waits_for_what_another_consumer_holds(self, sqs: StrictSqs, clock: Clock) -> None:
        work, dead = self.dead(sqs, messages=1)
        take(sqs, dead)
        self.start(sqs, work, dead)
        clock.seconds += 29
        assert self.status(sqs, dead)["Status"] == "RUNNING"
        clock.seconds += 1
        assert self.status(sqs, dead)["Status"] == "COMPLETED"

    def test_fails_without_a_destination_on_what_a_consumer_sent(
        self, sqs: StrictSqs, clock: Clock
    ) -> None:
        _, dead = self.dead(sqs, messages=1)
        sqs.start_message_move_task(SourceArn=sqs.queue(dead).arn)
        clock.seconds += 1
        task = self.status(sqs, dead)
        assert (task["Status"], task["FailureReason"]) == (
            "FAILED",
            "CouldNotDetermineMessageSource",
        )

    def test_can_be_cancelled(self, sqs: StrictSqs, clock: Clock) -> None:
        work, dead = self.dead(sqs, messages=10)
        handle = self.start(sqs, work, dead, MaxNumberOfMessagesPerSecond=1)
        clock.seconds += 4
        answer = sqs.cancel_message_move_task(TaskHandle=handle)
        assert answer == {"ApproximateNumberOfMessagesMoved": 4}
        clock.seconds += 4
        assert counts(sqs, dead) == (6, 0, 0)
        with pytest.raises(Refused):
            sqs.cancel_message_move_task(TaskHandle=handle)

    @pytest.mark.parametrize(
        "ask",
        [
            lambda work, dead: {"SourceArn": work, "DestinationArn": dead},
            lambda work, dead: {"SourceArn": dead + "x", "DestinationArn": work},
            lambda work, dead: {
                "SourceArn": dead,
                "DestinationArn": work,
                "MaxNumberOfMessagesPerSecond": 501,
            },
        ],
        ids=["from no dead-letter queue", "from nowhere", "faster than SQS can"],
    )
    def test_is_refused(self, sqs: StrictSqs, ask: Callable[[str, str], dict[str, Any]]) -> None:
        work, dead = self.dead(sqs, messages=1)
        with pytest.raises(Refused):
            sqs.start_message_move_task(**ask(sqs.queue(work).arn, sqs.queue(dead).arn))

    def test_is_refused_while_there_is_one(self, sqs: StrictSqs) -> None:
        work, dead = self.dead(sqs, messages=1)
        self.start(sqs, work, dead)
        with pytest.raises(Refused, match="already a task running"):
            self.start(sqs, work, dead)
