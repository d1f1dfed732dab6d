"""The dead-letter queue on Amazon SQS: look into it, move messages back to the source queue.

We move messages ourselves: SQS's own StartMessageMoveTask has neither filter nor dry run, and
without a destination it refuses messages that a consumer has sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from adapters.aws_failures import translated
from adapters.sqs_attributes import OURS, strings
from adapters.sqs_clients import QueueUrls, SqsClients
from adapters.sqs_dead_letter_values import DeadLetter, Wanted, dead_letter
from adapters.sqs_receiving import BATCH, receive
from adapters.sqs_sending import Envelope, send
from domain.deliveries import Received

HIDDEN_FOR = timedelta(seconds=60)
"""Long enough to look at a queue without meeting a message twice, short enough to wait out."""
_NOTHING_NEW = 2
"""So many answers in a row without a message that is new: that was all."""


@dataclass(frozen=True, slots=True)
class SqsDeadLetters:
    """Raises `Transient` or `Permanent` like the inbox. `wait` is the long poll of each look."""

    clients: SqsClients
    urls: QueueUrls
    wait: timedelta = timedelta(seconds=1)

    @contextmanager
    def look(self, wanted: Wanted) -> Iterator[Look]:
        """The messages that are wanted; each is hidden from others until the context ends.

        What was not redriven is visible again afterwards. Looking counts as a receive.
        """
        look = Look(self, wanted)
        try:
            yield look
        finally:
            self._give_back(tuple(look.in_hand.values()))

    def _give_back(self, messages: tuple[Received, ...]) -> None:
        for start in range(0, len(messages), BATCH):
            with translated("giving dead letters back"):
                # Entries that fail come back by themselves within a minute.
                self.clients.settle.change_message_visibility_batch(
                    QueueUrl=self.urls.dlq,
                    Entries=[
                        {
                            "Id": str(place),
                            "ReceiptHandle": message.receipt,
                            "VisibilityTimeout": 0,
                        }
                        for place, message in enumerate(messages[start : start + BATCH])
                    ],
                )

    def receive(self) -> tuple[Received, ...]:
        """The next messages of the dead-letter queue, hidden for a minute."""
        with translated("receiving dead letters"):
            return receive(self.clients.settle, self.urls.dlq, BATCH, self.wait, HIDDEN_FOR)

    def move(self, message: Received) -> str:
        """Send the message to the source queue, then delete it here; its id over there.

        A copy too many if an answer is lost in between, never one too few.
        """
        own = [pair for pair in message.attributes if pair[0] not in OURS]
        sent = send(
            self.clients.send,
            self.urls.source,
            Envelope(message.body, message.group, strings(own)),
        )
        with translated("deleting a dead letter"):
            self.clients.settle.delete_message(
                QueueUrl=self.urls.dlq, ReceiptHandle=message.receipt
            )
        return sent


@dataclass(slots=True)
class Look:
    """One look into the queue: iterate over it once, redrive what you please."""

    letters: SqsDeadLetters
    wanted: Wanted
    in_hand: dict[str, Received] = field(default_factory=dict)
    _redriven: set[str] = field(default_factory=set)
    """Ids here and over there: what was redriven and has come back is not met again."""

    def __iter__(self) -> Iterator[DeadLetter]:
        """Each message once, in no particular order, `wanted.limit` of them at most."""
        wanted = (letter for letter in self._letters() if self.wanted.takes(letter))
        return islice(wanted, self.wanted.limit)

    def redrive(self, letter: DeadLetter) -> None:
        """Move the message back to the source queue, its body and sender's attributes unchanged."""
        sent = self.letters.move(self.in_hand[letter.message_id])
        del self.in_hand[letter.message_id]
        self._redriven.update((letter.message_id, sent))

    def _letters(self) -> Iterator[DeadLetter]:
        without = 0
        while without < _NOTHING_NEW:
            letters = [dead_letter(message) for message in self.letters.receive()]
            new = [letter for letter in letters if self._is_new(letter)]
            without = 0 if new else without + 1
            yield from new

    def _is_new(self, letter: DeadLetter) -> bool:
        """Note the latest receipt: it is the one that gives the message back."""
        if letter.message_id in self._redriven:
            return False
        known = letter.message_id in self.in_hand
        self.in_hand[letter.message_id] = letter.received
        return not known and letter.source_message_id not in self._redriven
