"""The two queues, made and looked over."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from adapters.sqs_clients import QueueUrls, SqsClients
from adapters.sqs_queue_checks import Expected, inspect_queues
from adapters.sqs_queues import create_queues
from tests.builders import VISIBILITY

EXPECTED = Expected(VISIBILITY, max_attempts=8)
NUMBERS = count(1)


@pytest.fixture
def wanted(aws_url: str) -> QueueUrls:
    """URLs of queues that do not exist yet."""
    url = f"{aws_url}/123456789012/wanted-{next(NUMBERS)}"
    return QueueUrls(url, f"{url}-dlq")


def attributes(sqs: SqsClients, url: str) -> dict[str, Any]:
    answer: Any = sqs.settle.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return dict(answer["Attributes"])


def change(sqs: SqsClients, url: str, **changes: str) -> None:
    sqs.settle.set_queue_attributes(QueueUrl=url, Attributes=changes)  # type: ignore[arg-type] # names as SQS has them


class TestCreateQueues:
    def test_makes_both_queues_as_they_should_be(self, sqs: SqsClients, wanted: QueueUrls) -> None:
        created = create_queues(sqs.settle, wanted, timedelta(seconds=90.5))
        assert created.urls == wanted
        assert len(created.steps) == 2
        assert all(step.endswith("created") for step in created.steps)
        source, dlq = attributes(sqs, wanted.source), attributes(sqs, wanted.dlq)
        assert source["VisibilityTimeout"] == "91"
        assert source["MessageRetentionPeriod"] == str(4 * 86_400)
        assert dlq["MessageRetentionPeriod"] == str(14 * 86_400)
        redrive = json.loads(source["RedrivePolicy"])
        assert redrive["deadLetterTargetArn"] == dlq["QueueArn"]
        assert int(redrive["maxReceiveCount"]) == 50

    def test_leaves_what_exists_as_it_is(self, sqs: SqsClients, wanted: QueueUrls) -> None:
        create_queues(sqs.settle, wanted, VISIBILITY)
        change(sqs, wanted.source, VisibilityTimeout="33")
        again = create_queues(sqs.settle, wanted, VISIBILITY)
        assert all(step.endswith("exists") for step in again.steps)
        assert attributes(sqs, wanted.source)["VisibilityTimeout"] == "33"

    def test_adds_a_missing_redrive_policy(self, sqs: SqsClients, wanted: QueueUrls) -> None:
        sqs.settle.create_queue(QueueName=wanted.source.rpartition("/")[2])
        created = create_queues(sqs.settle, wanted, VISIBILITY)
        assert created.steps[-1].endswith("redrive policy added")
        assert "RedrivePolicy" in attributes(sqs, wanted.source)

    def test_says_where_the_queue_is_if_not_where_the_setting_says(
        self, sqs: SqsClients, wanted: QueueUrls
    ) -> None:
        elsewhere = QueueUrls(wanted.source.replace("123456789012", "1"), wanted.dlq)
        created = create_queues(sqs.settle, elsewhere, VISIBILITY)
        assert created.urls == wanted
        assert created.steps[-1].startswith("SYNC_QUEUE_URL names")


class TestInspectQueues:
    def test_has_nothing_to_say_of_queues_as_bootstrap_makes_them(
        self, sqs: SqsClients, queues: QueueUrls
    ) -> None:
        assert inspect_queues(sqs.settle, queues, EXPECTED) == ()

    def test_misses_queues(self, sqs: SqsClients, wanted: QueueUrls) -> None:
        found = inspect_queues(sqs.settle, wanted, EXPECTED)
        assert [problem.mend for problem in found] == ["run `shopify-sync bootstrap`"] * 2

    def test_refuses_a_fifo_queue(self, sqs: SqsClients, queues: QueueUrls) -> None:
        name = f"queue-{next(NUMBERS)}.fifo"
        fifo = sqs.settle.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})["QueueUrl"]
        found = inspect_queues(sqs.settle, QueueUrls(fifo, queues.dlq), EXPECTED)
        assert any("is a FIFO queue" in problem.what for problem in found)

    def test_misses_a_redrive_policy(self, sqs: SqsClients, queues: QueueUrls) -> None:
        change(sqs, queues.source, RedrivePolicy="")
        (problem,) = inspect_queues(sqs.settle, queues, EXPECTED)
        assert problem.what.endswith("has no redrive policy")

    def test_notes_another_dead_letter_queue(self, sqs: SqsClients, queues: QueueUrls) -> None:
        other = sqs.settle.create_queue(
            QueueName=f"other-{next(NUMBERS)}", Attributes={"MessageRetentionPeriod": "1209600"}
        )["QueueUrl"]
        (problem,) = inspect_queues(sqs.settle, QueueUrls(queues.source, other), EXPECTED)
        assert "moves messages to" in problem.what

    def test_notes_a_receive_count_below_the_attempts(
        self, sqs: SqsClients, queues: QueueUrls
    ) -> None:
        (problem,) = inspect_queues(sqs.settle, queues, Expected(VISIBILITY, max_attempts=50))
        assert "gives a message up after 50 receives" in problem.what

    def test_notes_a_receive_count_below_what_a_message_may_wait(
        self, sqs: SqsClients, queues: QueueUrls
    ) -> None:
        policy = sqs.settle.get_queue_attributes(
            QueueUrl=queues.source, AttributeNames=["RedrivePolicy"]
        )["Attributes"]["RedrivePolicy"]
        fewer = json.dumps({**json.loads(policy), "maxReceiveCount": "20"})
        change(sqs, queues.source, RedrivePolicy=fewer)
        (problem,) = inspect_queues(sqs.settle, queues, EXPECTED)
        assert "gives a message up after 20 receives" in problem.what

    def test_notes_another_visibility_timeout(self, sqs: SqsClients, queues: QueueUrls) -> None:
        change(sqs, queues.source, VisibilityTimeout="33")
        (problem,) = inspect_queues(sqs.settle, queues, EXPECTED)
        assert "hides messages for 33 s, SYNC_VISIBILITY_TIMEOUT says 120 s" in problem.what

    def test_notes_that_dead_letters_are_kept_too_short(
        self, sqs: SqsClients, queues: QueueUrls
    ) -> None:
        change(sqs, queues.dlq, MessageRetentionPeriod="60")
        (problem,) = inspect_queues(sqs.settle, queues, EXPECTED)
        assert "keeps messages for 60 s" in problem.what
