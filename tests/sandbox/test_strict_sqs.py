"""The strict SQS: what a receipt allows, when a message is visible, what is refused."""

import json
from random import Random
from typing import Any

import pytest

from sandbox.strict_sqs.engine import StrictSqs
from sandbox.strict_sqs.refusals import Refused
from tests.sandbox.conftest import Clock

Message = dict[str, Any]
HALF_A_DAY = 43_200


@pytest.fixture
def clock() -> Clock:
    return Clock(1_800_000_000.0)


@pytest.fixture
def sqs(clock: Clock) -> StrictSqs:
    return StrictSqs(clock)


@pytest.fixture
def queue(sqs: StrictSqs) -> str:
    return str(sqs.create_queue(QueueName="q")["QueueUrl"])


def dead_lettering(sqs: StrictSqs, receives: int) -> tuple[str, str]:
    """A queue and its dead-letter queue."""
    dead = str(sqs.create_queue(QueueName="dead")["QueueUrl"])
    policy = {"deadLetterTargetArn": sqs.queue(dead).arn, "maxReceiveCount": str(receives)}
    made = sqs.create_queue(QueueName="work", Attributes={"RedrivePolicy": json.dumps(policy)})
    return str(made["QueueUrl"]), dead


def send(sqs: StrictSqs, queue: str, body: str = "hello", **more: Any) -> str:
    return str(sqs.send_message(QueueUrl=queue, MessageBody=body, **more)["MessageId"])


def take(sqs: StrictSqs, queue: str, **more: Any) -> list[Message]:
    asked = {"MaxNumberOfMessages": 10, "MessageSystemAttributeNames": ["All"], **more}
    found: list[Message] = sqs.receive_message(QueueUrl=queue, **asked).get("Messages", [])
    return found


def counts(sqs: StrictSqs, queue: str) -> tuple[int, int, int]:
    """Visible, in flight, delayed."""
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    name = "ApproximateNumberOfMessages"
    return tuple(int(found[name + each]) for each in ("", "NotVisible", "Delayed"))  # type: ignore[return-value] # three


class TestReceive:
    def test_hides_a_message_for_the_queue_s_time_out(
        self, sqs: StrictSqs, queue: str, clock: Clock
    ) -> None:
        send(sqs, queue)
        (first,) = take(sqs, queue)
        clock.seconds += 29
        assert take(sqs, queue) == []
        clock.seconds += 1
        (second,) = take(sqs, queue)
        assert first["MessageId"] == second["MessageId"]
        assert first["ReceiptHandle"] != second["ReceiptHandle"]
        assert [each["Attributes"]["ApproximateReceiveCount"] for each in (first, second)] == [
            "1",
            "2",
        ]

    def test_hides_a_message_for_as_long_as_it_is_asked_to(
        self, sqs: StrictSqs, queue: str, clock: Clock
    ) -> None:
        send(sqs, queue)
        take(sqs, queue, VisibilityTimeout=5)
        clock.seconds += 5
        assert len(take(sqs, queue)) == 1

    def test_gives_one_message_unless_more_are_asked_for(self, sqs: StrictSqs, queue: str) -> None:
        for _ in range(12):
            send(sqs, queue)
        assert len(sqs.receive_message(QueueUrl=queue)["Messages"]) == 1
        assert len(take(sqs, queue)) == 10
        assert len(take(sqs, queue)) == 1
        assert sqs.receive_message(QueueUrl=queue) == {}

    def test_keeps_a_message_with_a_delay_back(
        self, sqs: StrictSqs, queue: str, clock: Clock
    ) -> None:
        send(sqs, queue, DelaySeconds=120)
        assert counts(sqs, queue) == (0, 0, 1)
        clock.seconds += 119
        assert take(sqs, queue) == []
        clock.seconds += 1
        assert counts(sqs, queue) == (1, 0, 0)

    def test_carries_group_attributes_and_instants(
        self, sqs: StrictSqs, queue: str, clock: Clock
    ) -> None:
        own = {"a": {"DataType": "String", "StringValue": "1"}}
        send(sqs, queue, "body", MessageGroupId="user", MessageAttributes=own, DelaySeconds=7)
        clock.seconds += 7
        (message,) = take(sqs, queue, MessageAttributeNames=["All"])
        assert (message["Body"], message["MessageAttributes"]) == ("body", own)
        system = message["Attributes"]
        assert (system["MessageGroupId"], system["SentTimestamp"]) == ("user", "1800000000000")
        assert system["ApproximateFirstReceiveTimestamp"] == "1800000007000"

    def test_shows_only_attributes_that_are_asked_for(self, sqs: StrictSqs, queue: str) -> None:
        own = {name: {"DataType": "String", "StringValue": "1"} for name in ("a.one", "a.two", "b")}
        send(sqs, queue, MessageAttributes=own)
        names = ["a.*"]
        (message,) = take(
            sqs, queue, MessageAttributeNames=names, MessageSystemAttributeNames=["SentTimestamp"]
        )
        assert set(message["MessageAttributes"]) == {"a.one", "a.two"}
        assert set(message["Attributes"]) == {"SentTimestamp"}

    def test_takes_the_order_that_chance_gives(self, clock: Clock) -> None:
        shuffled = StrictSqs(clock, Random(7))  # noqa: S311 - an order, no secret
        queue = str(shuffled.create_queue(QueueName="q")["QueueUrl"])
        sent = [send(shuffled, queue) for _ in range(10)]
        taken = [message["MessageId"] for message in take(shuffled, queue)]
        assert taken != sent
        assert sorted(taken) == sent

    def test_forgets_messages_past_the_retention(
        self, sqs: StrictSqs, queue: str, clock: Clock
    ) -> None:
        send(sqs, queue)
        clock.seconds += 100
        send(sqs, queue)
        clock.seconds += 345_600 - 100
        assert counts(sqs, queue) == (1, 0, 0)

    def test_refuses_a_short_poll_while_too_much_is_in_flight(
        self, sqs: StrictSqs, queue: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sandbox.strict_sqs.queue.MOST_IN_FLIGHT", 2)
        for _ in range(3):
            send(sqs, queue)
        assert len(take(sqs, queue, MaxNumberOfMessages=2)) == 2
        assert take(sqs, queue, WaitTimeSeconds=1) == []
        with pytest.raises(Refused, match="OverLimit"):
            take(sqs, queue)


class TestAReceipt:
    def test_deletes_while_it_is_the_latest_though_the_time_out_is_over(
        self, sqs: StrictSqs, queue: str, clock: Clock
    ) -> None:
        send(sqs, queue)
        (message,) = take(sqs, queue)
        clock.seconds += 31
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        assert counts(sqs, queue) == (0, 0, 0)

    def test_neither_deletes_nor_extends_once_stale(
        self, sqs: StrictSqs, queue: str, clock: Clock
    ) -> None:
        send(sqs, queue)
        (stale,) = take(sqs, queue)
        clock.seconds += 31
        take(sqs, queue)
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=stale["ReceiptHandle"])
        assert counts(sqs, queue) == (0, 1, 0)
        with pytest.raises(Refused, match="not available for visibility timeout change"):
            hide(sqs, queue, stale, 60)
        clock.seconds += 30
        assert len(take(sqs, queue)) == 1

    def test_extends_from_now(self, sqs: StrictSqs, queue: str, clock: Clock) -> None:
        send(sqs, queue)
        (message,) = take(sqs, queue)
        clock.seconds += 20
        hide(sqs, queue, message, 30)
        clock.seconds += 29
        assert take(sqs, queue) == []
        clock.seconds += 1
        assert len(take(sqs, queue)) == 1

    def test_gives_a_message_back_at_once(self, sqs: StrictSqs, queue: str) -> None:
        send(sqs, queue)
        (message,) = take(sqs, queue)
        hide(sqs, queue, message, 0)
        assert counts(sqs, queue) == (1, 0, 0)

    def test_changes_nothing_of_a_message_that_is_not_in_flight(
        self, sqs: StrictSqs, queue: str, clock: Clock
    ) -> None:
        send(sqs, queue)
        (message,) = take(sqs, queue)
        clock.seconds += 30
        with pytest.raises(Refused) as refused:
            hide(sqs, queue, message, 60)
        assert refused.value.response["Error"] == {
            "Code": "AWS.SimpleQueueService.MessageNotInflight",
            "Message": "The message referred to isn't in flight.",
            "Type": "Sender",
        }

    def test_cannot_hide_a_message_for_more_than_12_hours_in_all(
        self, sqs: StrictSqs, queue: str, clock: Clock
    ) -> None:
        send(sqs, queue)
        (message,) = take(sqs, queue)
        clock.seconds += 10
        with pytest.raises(Refused, match="beyond the limit"):
            hide(sqs, queue, message, HALF_A_DAY - 9)
        hide(sqs, queue, message, HALF_A_DAY - 10)

    @pytest.mark.parametrize("receipt", ["", "nonsense", "AQEB-q-1", "AQEB-other-1-1"])
    def test_is_refused_if_it_never_was_one(self, sqs: StrictSqs, queue: str, receipt: str) -> None:
        with pytest.raises(Refused):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=receipt)


class TestASecondCopy:
    def test_is_delivered_like_a_message_of_its_own(self, sqs: StrictSqs, queue: str) -> None:
        sent = send(sqs, queue)
        (first,) = take(sqs, queue)
        sqs.duplicate(queue, sent)
        (second,) = take(sqs, queue)
        assert second["MessageId"] == sent
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
        assert counts(sqs, queue) == (0, 1, 0)


class TestDeadLettering:
    def test_happens_at_the_receive_after_the_last_one_allowed(
        self, sqs: StrictSqs, clock: Clock
    ) -> None:
        work, dead = dead_lettering(sqs, receives=2)
        sent = send(sqs, work, MessageGroupId="user")
        for _ in range(2):
            assert len(take(sqs, work)) == 1
            clock.seconds += 30
        assert counts(sqs, dead) == (0, 0, 0)
        assert take(sqs, work) == []
        (letter,) = take(sqs, dead)
        assert letter["MessageId"] == sent
        assert letter["Attributes"]["DeadLetterQueueSourceArn"] == sqs.queue(work).arn
        assert letter["Attributes"]["SentTimestamp"] == "1800000000000"
        assert letter["Attributes"]["MessageGroupId"] == "user"


def hide(sqs: StrictSqs, queue: str, message: Message, seconds: object) -> None:
    sqs.change_message_visibility(
        QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds
    )
