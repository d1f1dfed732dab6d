"""The dead-letter queue on Amazon SQS: look into it, move messages back to the source queue.

We move messages ourselves: SQS's own move tasks (`sqs_move_tasks`) have neither filter nor dry run.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from botocore.exceptions import ClientError

from adapters.aws_failures import translated
from adapters.sqs_clients import QueueUrls, SqsClients
from adapters.sqs_dead_letter_values import DeadLetter, Wanted, dead_letter
from adapters.sqs_receipts import is_no_longer_ours
from adapters.sqs_receiving import BATCH
from adapters.sqs_sending import Envelope, send
from domain.failures import Failure
from domain.ports import Clock

HIDDEN_FOR = timedelta(seconds=60)
"""Long enough to look at a queue without meeting a message twice, short enough to wait out."""
_EMPTY_ANSWERS = 2
"""So many answers in a row without a message: that was all, or others hold the rest."""
_KNOWN_AT_MOST = 2
"""How often over all known messages may come again without a new one among them."""
_VISIBLE: Final = "ApproximateNumberOfMessages"
_HELD: Final = "ApproximateNumberOfMessagesNotVisible"


@dataclass(frozen=True, slots=True)
class SqsDeadLetters:
    """Raises `Transient` or `Permanent` like the inbox. `wait` is the long poll of each look."""

    clients: SqsClients
    urls: QueueUrls
    clock: Clock
    wait: timedelta = timedelta(seconds=1)

    @contextmanager
    def look(self, wanted: Wanted) -> Iterator[Look]:
        """The messages that are wanted; each is hidden from others until the context ends.

        What was not redriven is visible again afterwards, however the context ends. Looking counts
        as a receive.
        """
        look = Look(self, wanted)
        try:
            yield look
        except BaseException:
            with suppress(Failure):  # the first trouble counts; they come back by themselves
                look.give_back()
            raise
        look.give_back()

    def count(self) -> int:
        """About how many messages there are, those included that somebody holds."""
        with translated("reading the depth of a queue"):
            answer = self.clients.settle.get_queue_attributes(
                QueueUrl=self.urls.dlq, AttributeNames=[_VISIBLE, _HELD]
            )
        found = answer.get("Attributes", {})
        return int(found.get(_VISIBLE, 0)) + int(found.get(_HELD, 0))

    def receive(self, limit: int) -> list[DeadLetter]:
        """The next messages, ten at most, hidden for a minute."""
        with translated("receiving dead letters"):
            answer = self.clients.settle.receive_message(
                QueueUrl=self.urls.dlq,
                MaxNumberOfMessages=limit,
                WaitTimeSeconds=int(self.wait.total_seconds()),
                VisibilityTimeout=int(HIDDEN_FOR.total_seconds()),
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
        return [dead_letter(message) for message in answer.get("Messages", ())]

    def hold(self, receipt: str) -> bool:
        """Hide the message for another minute; False if it is not ours any more."""
        with translated("extending the visibility of a dead letter"):
            try:
                self.clients.settle.change_message_visibility(
                    QueueUrl=self.urls.dlq,
                    ReceiptHandle=receipt,
                    VisibilityTimeout=int(HIDDEN_FOR.total_seconds()),
                )
            except ClientError as error:
                if is_no_longer_ours(error):
                    return False
                raise
        return True

    def move(self, letter: DeadLetter) -> str:
        """Send the message to the source queue, then delete it here; its id over there.

        A copy too many if an answer is lost in between, never one too few.
        """
        envelope = Envelope(letter.body, letter.received.group, letter.own)
        sent = send(self.clients.send, self.urls.source, envelope)
        with translated("deleting a dead letter that was sent to the source queue"):
            self.clients.settle.delete_message(
                QueueUrl=self.urls.dlq, ReceiptHandle=letter.received.receipt
            )
        return sent

    def release(self, receipts: Sequence[str]) -> None:
        """Make up to ten messages visible; entries that fail become so within a minute."""
        with translated("giving dead letters back"):
            self.clients.settle.change_message_visibility_batch(
                QueueUrl=self.urls.dlq,
                Entries=[
                    {"Id": str(place), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                    for place, receipt in enumerate(receipts)
                ],
            )


@dataclass(frozen=True, slots=True)
class _Held:
    """A delivery of ours, and until when it is surely hidden (monotonic)."""

    receipt: str
    until: float


@dataclass(slots=True)
class Look:
    """One look into the queue: iterate over it once, redrive what you please.

    It keeps no message, only the ids of those it has met and the receipts of a minute.
    """

    letters: SqsDeadLetters
    wanted: Wanted
    _held: OrderedDict[str, _Held] = field(default_factory=OrderedDict)
    """By message id, those first that are visible again first."""
    _known: set[str] = field(default_factory=set)
    """Ids here and over there: what was redriven and has come back is not met again."""

    def __iter__(self) -> Iterator[DeadLetter]:
        """Each message once, in no particular order, `wanted.limit` of them at most."""
        found, limit = 0, self.wanted.limit
        while limit is None or found < limit:
            batch = self._next_batch(BATCH if limit is None else limit - found)
            if batch is None:
                return
            for letter in batch:
                if limit is not None and found >= limit:
                    return
                if self.wanted.takes(letter):
                    found += 1
                    yield letter

    def redrive(self, letter: DeadLetter) -> bool:
        """Move the message back to the source queue, its body and sender's attributes unchanged.

        False if it could not be held for so long: it is visible again, or somebody else has it.
        """
        held, now = self._held.get(letter.message_id), self.letters.clock.monotonic()
        half = HIDDEN_FOR.total_seconds() / 2
        surely_ours = held is not None and now + half < held.until
        if not surely_ours and not self.letters.hold(letter.received.receipt):
            self._held.pop(letter.message_id, None)
            return False
        self._known.add(self.letters.move(letter))
        self._held.pop(letter.message_id, None)
        return True

    def give_back(self) -> None:
        """Make visible what is still held. All tens are tried; then the first failure is raised."""
        self._forget_the_visible()
        receipts = [held.receipt for held in self._held.values()]
        failures: list[Failure] = []
        for start in range(0, len(receipts), BATCH):
            try:
                self.letters.release(receipts[start : start + BATCH])
            except Failure as failure:
                failures.append(failure)
        self._held.clear()
        if failures:
            raise failures[0]

    def _next_batch(self, most: int) -> list[DeadLetter] | None:
        """Messages not met before; None when there are no more.

        Messages that were met come again when a minute is over. They are hidden anew, so that
        those behind them are reached, but not for ever: a look may be slower than that.
        """
        limit = min(BATCH, most) if self.wanted.is_any else BATCH
        empty = again = 0
        while empty < _EMPTY_ANSWERS and again <= _KNOWN_AT_MOST * (len(self._known) + BATCH):
            batch = self._received(limit)
            new = [letter for letter in batch if self._meet(letter)]
            if new:
                return new
            empty = 0 if batch else empty + 1
            again += len(batch)
        return None

    def _received(self, limit: int) -> list[DeadLetter]:
        asked_at = self.letters.clock.monotonic()
        batch = self.letters.receive(limit)
        for letter in batch:
            self._held.pop(letter.message_id, None)
            until = asked_at + HIDDEN_FOR.total_seconds()
            self._held[letter.message_id] = _Held(letter.received.receipt, until)
        self._forget_the_visible()
        return batch

    def _meet(self, letter: DeadLetter) -> bool:
        """False if it was met before, under its id here or under the one it got over there."""
        if letter.message_id in self._known or letter.source_message_id in self._known:
            return False
        self._known.add(letter.message_id)
        return True

    def _forget_the_visible(self) -> None:
        now = self.letters.clock.monotonic()
        while self._held and next(iter(self._held.values())).until <= now:
            self._held.popitem(last=False)
