"""Looking into the dead-letter queue and moving messages back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.sqs_attributes import strings
from adapters.sqs_clients import QueueUrls, SqsClients
from adapters.sqs_dead_letter_values import Wanted
from adapters.sqs_dead_letters import SqsDeadLetters
from adapters.sqs_inbox import SqsInbox
from adapters.sqs_sending import Envelope, send
from adapters.system_clock import SystemClock
from domain.deliveries import Received
from domain.failures import Reason
from entrypoints.messages import encode
from tests.builders import NOW, USER, a_request

AT_ONCE = timedelta(0)
ANY = Wanted()
BODY = encode(a_request())


@pytest.fixture
def inbox(sqs: SqsClients, queues: QueueUrls) -> SqsInbox:
    return SqsInbox(sqs, queues)


@pytest.fixture
def letters(sqs: SqsClients, queues: QueueUrls) -> SqsDeadLetters:
    return SqsDeadLetters(sqs, queues, SystemClock(), wait=AT_ONCE)


def bury(inbox: SqsInbox, body: str = BODY, reason: Reason = Reason.BUG, **own: str) -> str:
    """A message is sent, received and dead-lettered; its id on the source queue."""
    send(inbox.clients.send, inbox.urls.source, Envelope(body, USER, strings(own.items())))
    (received,) = inbox.receive(1, AT_ONCE)
    inbox.dead_letter(received, reason, "what went wrong", NOW)
    inbox.delete(received)
    return received.message_id


def take(inbox: SqsInbox) -> tuple[Received, ...]:
    return inbox.receive(10, AT_ONCE)


class TestLook:
    def test_finds_nothing_in_an_empty_queue(self, letters: SqsDeadLetters) -> None:
        with letters.look(ANY) as look:
            assert list(look) == []

    def test_tells_what_is_known_of_a_message(
        self, inbox: SqsInbox, letters: SqsDeadLetters
    ) -> None:
        source_id = bury(inbox)
        with letters.look(ANY) as look:
            (letter,) = look
        assert (letter.reason, letter.error) == ("bug", "what went wrong")
        assert (letter.message_type, letter.user_id, letter.sync_type) == (
            "sync-page",
            USER,
            "manual",
        )
        assert letter.failed_at == "2026-11-23T12:00:00.000Z"
        assert (letter.source_message_id, letter.receive_count) == (source_id, 1)
        assert letter.body == BODY

    def test_finds_more_messages_than_one_call_gives(
        self, inbox: SqsInbox, letters: SqsDeadLetters
    ) -> None:
        ids = {bury(inbox) for _ in range(12)}
        with letters.look(ANY) as look:
            assert {letter.source_message_id for letter in look} == ids

    def test_gives_everything_back(self, inbox: SqsInbox, letters: SqsDeadLetters) -> None:
        for _ in range(12):
            bury(inbox)
        with letters.look(ANY) as look:
            assert inbox.depths()["dlq"].visible == 12
            list(look)
            assert inbox.depths()["dlq"].visible == 0
        assert inbox.depths()["dlq"].visible == 12

    @pytest.mark.parametrize("body", ["not json", "[" * 100_000, "[]", '{"userId": 5}', "null"])
    def test_knows_nobody_behind_a_body_that_cannot_be_read(
        self, sqs: SqsClients, letters: SqsDeadLetters, body: str
    ) -> None:
        send(sqs.send, letters.urls.dlq, Envelope(body))
        with letters.look(ANY) as look:
            (letter,) = look
        assert (letter.reason, letter.user_id, letter.failed_at) == ("unknown", None, None)
        assert letter.receive_count == 1

    def test_filters_by_reason_and_user(self, inbox: SqsInbox, letters: SqsDeadLetters) -> None:
        bury(inbox, reason=Reason.SHOPIFY_ERROR)
        wanted = bury(inbox, reason=Reason.INVALID_MESSAGE)
        bury(inbox, body='{"userId":"somebody else"}', reason=Reason.INVALID_MESSAGE)
        with letters.look(Wanted("invalid-message", USER)) as look:
            assert [letter.source_message_id for letter in look] == [wanted]
        assert inbox.depths()["dlq"].visible == 3

    @pytest.mark.parametrize("limit", [0, 1, 2, 5])
    def test_stops_at_the_limit(self, inbox: SqsInbox, letters: SqsDeadLetters, limit: int) -> None:
        for _ in range(3):
            bury(inbox)
        with letters.look(Wanted(limit=limit)) as look:
            assert len(list(look)) == min(limit, 3)


class TestRedrive:
    def test_moves_the_message_back_as_its_sender_made_it(
        self, inbox: SqsInbox, letters: SqsDeadLetters
    ) -> None:
        bury(inbox, traceparent="00-1")
        with letters.look(ANY) as look:
            for letter in look:
                look.redrive(letter)
        (received,) = take(inbox)
        assert (received.body, received.group, received.receive_count) == (BODY, USER, 1)
        assert received.attributes == (("traceparent", "00-1"),)
        assert inbox.depths()["dlq"].visible == 0

    def test_leaves_the_others_where_they_are(
        self, inbox: SqsInbox, letters: SqsDeadLetters
    ) -> None:
        for _ in range(3):
            bury(inbox)
        with letters.look(Wanted(limit=1)) as look:
            for letter in look:
                look.redrive(letter)
        assert len(take(inbox)) == 1
        assert inbox.depths()["dlq"].visible == 2

    def test_ends_though_a_worker_buries_what_was_redriven_at_once(
        self, inbox: SqsInbox, letters: SqsDeadLetters
    ) -> None:
        bury(inbox)
        redriven = 0
        with letters.look(ANY) as look:
            for letter in look:
                look.redrive(letter)
                redriven += 1
                (received,) = take(inbox)
                inbox.dead_letter(received, Reason.BUG, "again", NOW)
                inbox.delete(received)
        assert redriven == 1
        assert inbox.depths()["dlq"].visible == 1
