"""The strict SQS under random use, beside a plain list of what was sent and delivered."""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from sandbox.strict_sqs.engine import StrictSqs
from sandbox.strict_sqs.refusals import Refused
from tests.sandbox.conftest import Clock

VISIBILITY = 30
RECEIVES = 3
STEPS = 400


@dataclass
class Model:
    """For each message id: until when it is hidden, the latest receipt, and receives so far."""

    hidden_until: dict[str, float] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)
    receives: dict[str, int] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    """Whose receipt a receipt is."""

    def holds(self, receipt: str) -> bool:
        owner = self.given[receipt]
        return owner in self.hidden_until and self.receipts[owner] == receipt

    def delete(self, receipt: str) -> None:
        if self.holds(receipt):
            del self.hidden_until[self.given[receipt]]


@dataclass
class Use:
    """Random calls; every one is checked against the model."""

    chance: Random
    clock: Clock = field(default_factory=lambda: Clock(1_800_000_000.0))
    model: Model = field(default_factory=Model)

    def __post_init__(self) -> None:
        self.sqs = StrictSqs(self.clock, self.chance)
        self.dead = str(self.sqs.create_queue(QueueName="dead")["QueueUrl"])
        policy = {"deadLetterTargetArn": self.sqs.queue("dead").arn, "maxReceiveCount": RECEIVES}
        attributes = {"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": str(VISIBILITY)}
        made = self.sqs.create_queue(QueueName="work", Attributes=attributes)
        self.work = str(made["QueueUrl"])

    def step(self) -> None:
        steps = (self.send, self.receive, self.receive, self.delete, self.hide, self.wait)
        self.chance.choice(steps)()
        self.check()

    def send(self) -> None:
        delay = self.chance.choice((0, 0, 5, 60))
        sent = self.sqs.send_message(QueueUrl=self.work, MessageBody="x", DelaySeconds=delay)
        self.model.hidden_until[sent["MessageId"]] = self.clock.seconds + delay
        self.model.receives[sent["MessageId"]] = 0

    def receive(self) -> None:
        answer: dict[str, Any] = self.sqs.receive_message(
            QueueUrl=self.work, MaxNumberOfMessages=self.chance.randint(1, 10)
        )
        model = self.model
        for message in answer.get("Messages", ()):
            name = message["MessageId"]
            assert model.hidden_until[name] <= self.clock.seconds
            model.receives[name] += 1
            assert model.receives[name] <= RECEIVES
            model.hidden_until[name] = self.clock.seconds + VISIBILITY
            model.receipts[name] = message["ReceiptHandle"]
            model.given[message["ReceiptHandle"]] = name
        for letter in self.sqs.stored(self.dead):
            if model.hidden_until.pop(letter.message_id, None) is not None:
                assert model.receives[letter.message_id] == RECEIVES

    def delete(self) -> None:
        if self.model.given:
            receipt = self.chance.choice(list(self.model.given))
            self.sqs.delete_message(QueueUrl=self.work, ReceiptHandle=receipt)
            self.model.delete(receipt)

    def hide(self) -> None:
        if not self.model.given:
            return
        receipt, seconds = (
            self.chance.choice(list(self.model.given)),
            self.chance.choice((0, 7, 90)),
        )
        owner, now = self.model.given[receipt], self.clock.seconds
        allowed = self.model.holds(receipt) and self.model.hidden_until[owner] > now
        try:
            self.sqs.change_message_visibility(
                QueueUrl=self.work, ReceiptHandle=receipt, VisibilityTimeout=seconds
            )
        except Refused:
            assert not allowed
        else:
            assert allowed
            self.model.hidden_until[owner] = now + seconds

    def wait(self) -> None:
        self.clock.seconds += self.chance.choice((1, 10, 40))

    def check(self) -> None:
        """The counts that are kept are those that one gets by counting."""
        stored = self.sqs.stored(self.work)
        queue, now = self.sqs.queue(self.work), self.clock.seconds
        assert {message.message_id for message in stored} == set(self.model.hidden_until)
        visible = [message for message in stored if message.visible_at <= now]
        assert len(queue.visible) == len(visible)
        delayed = [each for each in stored if each.visible_at > now and not each.receives]
        assert (queue.delayed, queue.in_flight) == (
            len(delayed),
            len(stored) - len(visible) - len(delayed),
        )
        soonest = min((max(each.visible_at, now) for each in stored), default=None)
        assert self.sqs.next_visible_at(self.work) == soonest


@pytest.mark.parametrize("seed", range(25))
def test_any_use_agrees_with_the_model(seed: int) -> None:
    use = Use(Random(seed))  # noqa: S311 - a schedule, no secret
    for _ in range(STEPS):
        use.step()
    assert use.model.given
