"""Dead letters as `dlq` prints them, one after another: as JSON, or in words."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Protocol

from adapters.sqs_dead_letter_values import DeadLetter
from domain.ports import Clock
from entrypoints.commands.printing import json_text, say
from entrypoints.foreseeing import Foreseen
from entrypoints.presenting import Json, columns, instant, length

AT_ONCE = 50
"""Rows whose columns are aligned with one another."""
_HEADING = ("reason", "since", "type", "user", "sync", "receives", "message id")
_FORESEEN = "if redriven"


class Printer(Protocol):
    """Somewhere letters are shown as they come, however many there are."""

    @abstractmethod
    def show(self, letter: DeadLetter, foreseen: Foreseen | None = None) -> None: ...

    @abstractmethod
    def end(self, words: str, facts: dict[str, Json]) -> None:
        """That was all: a sentence, or what it says for machines."""


@dataclass(slots=True)
class Words(Printer):
    """A table, so many rows at a time."""

    clock: Clock
    foresees: bool
    _rows: list[list[str]] = field(default_factory=list)
    _begun: bool = False

    def show(self, letter: DeadLetter, foreseen: Foreseen | None = None) -> None:
        self._rows.append(
            [
                letter.reason,
                length(self.clock.now() - letter.sent_at),
                letter.message_type or "-",
                letter.user_id or "-",
                letter.sync_type or "-",
                str(letter.receive_count),
                letter.message_id,
                *([foreseen.words if foreseen else "-"] if self.foresees else ()),
                letter.error or "-",
            ]
        )
        if len(self._rows) == AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Print the rows that are waiting for others to be aligned with."""
        if not self._rows:
            return
        heading = [*_HEADING, *([_FORESEEN] if self.foresees else ()), "error"]
        lines = columns([heading, *self._rows]).splitlines()
        say("\n".join(lines[1:] if self._begun else lines))
        self._begun = True
        self._rows.clear()

    def end(self, words: str, facts: dict[str, Json]) -> None:  # noqa: ARG002 - for machines
        self.flush()
        if words:
            say(words)


@dataclass(slots=True)
class Machines(Printer):
    """One JSON document: a list, or an object whose member `messages` is that list."""

    in_object: bool
    _separator: str = ""

    def __post_init__(self) -> None:
        self._separator = '{"messages": [' if self.in_object else "["

    def show(self, letter: DeadLetter, foreseen: Foreseen | None = None) -> None:
        facts = letter_facts(letter)
        if foreseen is not None:
            facts |= {"foreseen": foreseen.words, "dropped": foreseen.dropped}
        say(self._separator + json_text(facts))
        self._separator = ","

    def end(self, words: str, facts: dict[str, Json]) -> None:  # noqa: ARG002 - for people
        begun = "" if self._separator == "," else self._separator
        rest = f"], {json_text(facts)[1:]}" if self.in_object else "]"
        say(begun + rest)


def letter_facts(letter: DeadLetter) -> dict[str, Json]:
    return {
        "messageId": letter.message_id,
        "reason": letter.reason,
        "error": letter.error,
        "failedAt": letter.failed_at,
        "sentAt": instant(letter.sent_at),
        "type": letter.message_type,
        "userId": letter.user_id,
        "syncType": letter.sync_type,
        "receiveCount": letter.receive_count,
        "sourceMessageId": letter.source_message_id,
        "body": letter.body,
    }
