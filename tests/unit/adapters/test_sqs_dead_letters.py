"""Looking into the dead-letter queue under SQS's strictest rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from adapters.sqs_dead_letter_values import DeadLetter, Wanted
from adapters.sqs_dead_letters import Look, SqsDeadLetters
from domain.failures import Failure
from tests.strict_sqs import StrictQueues

ANY = Wanted()
A_MINUTE = timedelta(minutes=1)
MOVED_BY_SQS = "moved by SQS"


class Killed(BaseException):
    """The process is gone: nothing that comes afterwards is done."""


@pytest.fixture
def queues() -> StrictQueues:
    return StrictQueues()


@pytest.fixture
def letters(queues: StrictQueues) -> SqsDeadLetters:
    return SqsDeadLetters(queues.clients, queues.urls, queues.clock)


def text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def bury(queues: StrictQueues, *bodies: str, **more: Any) -> None:
    for body in bodies:
        queues.engine.send_message(QueueUrl=queues.urls.dlq, MessageBody=body, **more)


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def seen(letters: SqsDeadLetters, wanted: Wanted = ANY) -> list[str]:
    with letters.look(wanted) as look:
        return [letter.body for letter in look]


def redrive(letters: SqsDeadLetters, wanted: Wanted = ANY) -> int:
    with letters.look(wanted) as look:
        return sum(look.redrive(letter) for letter in look)


@contextmanager
def every(queues: StrictQueues, call: str, then: object) -> Iterator[None]:
    queues.before_calls[call] = then  # type: ignore[assignment] # whatever a test hands over
    yield
    del queues.before_calls[call]


class TestALook:
    def test_meets_each_of_thousands_once(
        self, queues: StrictQueues, letters: SqsDeadLetters
    ) -> None:
        bury(queues, *numbers(3000))
        assert sorted(seen(letters), key=int) == numbers(3000)
        assert queues.visible(queues.urls.dlq) == 3000

    def test_meets_each_once_though_it_takes_longer_than_they_are_hidden(
        self, queues: StrictQueues, letters: SqsDeadLetters
    ) -> None:
        bury(queues, *numbers(300))
        met = []
        with letters.look(ANY) as look:
            for letter in look:
                met.append(letter.body)
                queues.clock.advance(timedelta(seconds=0.5))
        assert sorted(met, key=int) == numbers(300)
        assert queues.visible(queues.urls.dlq) == 300

    def test_ends_though_all_of_it_comes_back_all_the_time(
        self, queues: StrictQueues, letters: SqsDeadLetters
    ) -> None:
        bury(queues, *numbers(40))
        with every(queues, "receive_message", lambda: queues.clock.advance(A_MINUTE)):
            assert len(seen(letters)) == len(set(seen(letters)))

    def test_takes_no_more_than_it_may_show(
        self, queues: StrictQueues, letters: SqsDeadLetters
    ) -> None:
        bury(queues, *numbers(30))
        with letters.look(Wanted(limit=3)) as look:
            assert len(list(look)) == 3
            assert queues.visible(queues.urls.dlq) == 27

    def test_leaves_out_what_another_consumer_holds(
        self, queues: StrictQueues, letters: SqsDeadLetters
    ) -> None:
        bury(queues, *numbers(15))
        held = {message["Body"] for message in queues.take(queues.urls.dlq)}
        assert set(seen(letters)) == set(numbers(15)) - held

    def test_gives_back_what_it_took_when_it_is_interrupted(
        self, queues: StrictQueues, letters: SqsDeadLetters
    ) -> None:
        bury(queues, *numbers(25))

        def interrupted() -> None:
            with letters.look(ANY) as look:
                for _ in zip(range(12), look, strict=False):
                    pass
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert queues.visible(queues.urls.dlq) == 25

    def test_tries_to_give_back_all_though_a_call_fails(
        self, queues: StrictQueues, letters: SqsDeadLetters
    ) -> None:
        bury(queues, *numbers(25))
        failing = iter([True])

        def fail_once() -> None:
            if next(failing, False):
                raise ReadTimeoutError(endpoint_url="sqs")

        with (
            every(queues, "change_message_visibility_batch", fail_once),
            pytest.raises(Failure, match="giving dead letters back"),
        ):
            seen(letters)
        assert queues.visible(queues.urls.dlq) == 15
        queues.clock.advance(A_MINUTE)
        assert queues.visible(queues.urls.dlq) == 25


class TestALetter:
    def only(self, letters: SqsDeadLetters) -> DeadLetter:
        with letters.look(ANY) as look:
            (letter,) = look
        return letter

    def test_that_sqs_moved_has_no_reason_of_ours(
        self, queues: StrictQueues, letters: SqsDeadLetters
    ) -> None:
        self.moved_by_sqs(queues, {"reason": text("its sender's")})
        letter = self.only(letters)
        assert (letter.reason, letter.failed_at) == ("unknown", None)
        assert letter.own == {"reason": text("its sender's")}

    def test_counts_the_receives_on_the_source_queue(
        self, queues: StrictQueues, letters: SqsDeadLetters
    ) -> None:
        bury(queues, "{}", MessageAttributes={"receiveCount": text("7")})
        assert self.only(letters).receive_count == 7

    def moved_by_sqs(self, queues: StrictQueues, attributes: dict[str, Any]) -> None:
        source = queues.engine.queue(queues.urls.source)
        policy = {"deadLetterTargetArn": queues.engine.queue(queues.urls.dlq).arn}
        queues.engine.set_queue_attributes(
            QueueUrl=source.url,
            Attributes={"RedrivePolicy": json.dumps({**policy, "maxReceiveCount": 1})},
        )
        queues.engine.send_message(
            QueueUrl=source.url, MessageBody=MOVED_BY_SQS, MessageAttributes=attributes
        )
        queues.take(source.url)
        queues.clock.advance(timedelta(minutes=10))
        assert queues.take(source.url) == []


class TestARedrive:
    def test_keeps_body_group_and_attributes_of_any_type(
        self, queues: StrictQueues, letters: SqsDeadLetters
    ) -> None:
        own = {
            "traceparent": text("00-1"),
            "count": {"DataType": "Number.int", "StringValue": "3"},
            "odd": {"DataType": "Binary.png", "BinaryValue": b"\x00\xff"},
        }
        ours = {"reason": text("bug"), "error": text("x"), "sourceMessageId": text("m")}
        body = '{ "type":"sync-page",\n"userId": "ü" }'
        bury(queues, body, MessageAttributes={**own, **ours}, MessageGroupId="user-1")
        assert redrive(letters) == 1
        (message,) = queues.take(queues.urls.source)
        assert (message["Body"], message["MessageAttributes"]) == (body, own)
        assert message["Attributes"]["MessageGroupId"] == "user-1"
        assert queues.bodies(queues.urls.dlq) == []

    def test_moves_thousands_and_holds_only_ten_at_a_time(
        self, queues: StrictQueues, letters: SqsDeadLetters
    ) -> None:
        bury(queues, *numbers(2000))
        most = 0
        with letters.look(ANY) as look:
            for letter in look:
                look.redrive(letter)
                most = max(most, queues.engine.queue(queues.urls.dlq).in_flight)
        assert most < 10
        assert sorted(queues.bodies(queues.urls.source), key=int) == numbers(2000)

    def test_holds_a_message_anew_that_has_waited_for_its_turn(
        self, queues: StrictQueues, letters: SqsDeadLetters
    ) -> None:
        bury(queues, *numbers(2))
        with letters.look(ANY) as look:
            for letter in look:
                queues.clock.advance(timedelta(seconds=25))
                assert look.redrive(letter)
        assert sorted(queues.bodies(queues.urls.source)) == numbers(2)
        assert "change_message_visibility" in queues.calls

    def test_does_not_send_what_somebody_else_has_by_now(
        self, queues: StrictQueues, letters: SqsDeadLetters
    ) -> None:
        bury(queues, "a body")
        with letters.look(ANY) as look:
            for letter in look:
                queues.clock.advance(A_MINUTE)
                assert queues.take(queues.urls.dlq)
                assert not look.redrive(letter)
        assert queues.bodies(queues.urls.source) == []
        assert queues.bodies(queues.urls.dlq) == ["a body"]

    @pytest.mark.parametrize("death", range(14))
    def test_loses_nothing_wherever_it_is_killed(
        self, queues: StrictQueues, letters: SqsDeadLetters, death: int
    ) -> None:
        bury(queues, *numbers(4))
        queues.calls.clear()

        def die() -> None:
            if len(queues.calls) > death:
                raise Killed

        calls = ("receive_message", "send_message", "delete_message")
        for each in (*calls, "change_message_visibility_batch"):
            queues.before_calls[each] = die
        with suppress(Killed):
            redrive(letters)
        queues.clock.advance(A_MINUTE)
        there, here = (queues.bodies(url) for url in (queues.urls.source, queues.urls.dlq))
        assert set(there) | set(here) == set(numbers(4))
        assert len(there) + len(here) <= 5
        assert queues.visible(queues.urls.dlq) == len(here)

    def test_counts_what_lies_in_the_queue(
        self, queues: StrictQueues, letters: SqsDeadLetters
    ) -> None:
        bury(queues, *numbers(12))
        queues.take(queues.urls.dlq)
        assert letters.count() == 12


def test_a_look_may_be_left_before_it_has_begun(
    queues: StrictQueues, letters: SqsDeadLetters
) -> None:
    bury(queues, "a body")
    with letters.look(ANY) as look:
        assert isinstance(look, Look)
    assert queues.visible(queues.urls.dlq) == 1
