"""What the dead-letter queue on SQS makes of messages that nobody of ours has put there.

What every dead-letter queue promises is in tests/contracts/test_dead_letters.py.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.sqs_clients import QueueUrls, SqsClients
from adapters.sqs_dead_letter_values import Wanted
from adapters.sqs_dead_letters import SqsDeadLetters
from adapters.sqs_sending import Envelope, send


class TestLook:
    @pytest.mark.parametrize("body", ["not json", "[" * 100_000, "[]", '{"userId": 5}', "null"])
    def test_knows_nobody_behind_a_body_that_cannot_be_read(
        self, sqs: SqsClients, queues: QueueUrls, body: str
    ) -> None:
        send(sqs.send, queues.dlq, Envelope(body))
        with SqsDeadLetters(sqs, queues, wait=timedelta(0)).look(Wanted()) as look:
            (letter,) = look
        assert (letter.reason, letter.user_id, letter.failed_at) == ("unknown", None, None)
        assert letter.receive_count == 1
