"""The dead-letter queue of a queue in memory, to look into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from adapters.sqs_attributes import OURS
from adapters.sqs_dead_letter_values import DeadLetter, Wanted, dead_letter
from entrypoints.commands.opening import DeadLetters, Look
from tests.fakes.inbox import FakeInbox, Stored


@dataclass(frozen=True, slots=True)
class FakeDeadLetters(DeadLetters):
    """Looks into the inbox's dead-letter queue; what a look has met is hidden until it ends."""

    inbox: FakeInbox

    @contextmanager
    def look(self, wanted: Wanted) -> Iterator[Look]:
        look = _Look(self.inbox, wanted)
        try:
            yield look
        finally:
            look.give_back()


@dataclass(slots=True)
class _Look(Look):
    inbox: FakeInbox
    wanted: Wanted
    in_hand: dict[str, Stored] = field(default_factory=dict)
    redriven: set[str] = field(default_factory=set)

    def __iter__(self) -> Iterator[DeadLetter]:
        found = 0
        while (self.wanted.limit is None or found < self.wanted.limit) and self.inbox.dead:
            stored = self.inbox.dead.pop(0)
            self.in_hand[stored.message_id] = stored
            stored.receipts.append("looked at")
            letter = dead_letter(stored.received())
            if letter.source_message_id not in self.redriven and self.wanted.takes(letter):
                found += 1
                yield letter

    def redrive(self, letter: DeadLetter) -> None:
        stored = self.in_hand.pop(letter.message_id)
        own = [pair for pair in stored.attributes if pair[0] not in OURS]
        self.redriven.add(self.inbox.put(stored.body, own, group=stored.group))

    def give_back(self) -> None:
        self.inbox.dead.extend(self.in_hand.values())
