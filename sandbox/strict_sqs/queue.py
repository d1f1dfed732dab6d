"""One queue: which messages are visible, hidden or delayed, and what a receipt still allows."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count, islice
from math import inf
from random import Random
from typing import Any, Self

from sandbox.strict_sqs.limits import LONGEST_HIDING, MOST_IN_FLIGHT
from sandbox.strict_sqs.refusals import Refused, bad_value


@dataclass(slots=True)
class Stored:
    """A copy of a message in a queue. Instants are seconds of the clock that the queue is told."""

    number: int
    message_id: str
    body: str
    md5: str
    sent_at: float
    visible_at: float
    attributes: Mapping[str, Mapping[str, Any]]
    group: str | None = None
    source: str | None = None
    """The ARN of the queue that SQS itself moved it from."""
    receives: int = 0
    first_received_at: float = 0.0
    delivered_at: float = 0.0
    receipt: str = ""
    """The latest delivery's handle; any other is stale."""

    def copy(self, number: int, now: float) -> Self:
        """The same message once more, not delivered yet."""
        return replace(self, number=number, visible_at=now, receives=0, receipt="")

    def afresh(self, now: float) -> Self:
        """As a move task leaves it: a new message of an old number."""
        return replace(
            self,
            message_id=f"{self.number:08x}-0000-4000-8000-{int(now * 1000) % 10**12:012d}",
            sent_at=now,
            visible_at=now,
            source=None,
            receives=0,
            receipt="",
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """A queue's attributes, in seconds and bytes."""

    visibility: int = 30
    delay: int = 0
    wait: int = 0
    retention: int = 345_600
    largest: int = 1_048_576
    dead_letters: str | None = None
    """The ARN of the queue for messages received `most_receives` times."""
    most_receives: int = 0


@dataclass(slots=True)
class Queue:
    """The messages of a queue. Every method is told the time."""

    name: str
    url: str
    arn: str
    settings: Settings = field(default_factory=Settings)
    messages: dict[int, Stored] = field(default_factory=dict)
    visible: OrderedDict[int, Stored] = field(default_factory=OrderedDict)
    """By the time at which they became so; a dict is slow to give its first when it shrinks."""
    tasks: list[Any] = field(default_factory=list)
    """Message move tasks from this queue."""
    _waking: list[tuple[float, int]] = field(default_factory=list)
    _delayed: int = 0
    _oldest: float = inf
    """No message was sent before that instant."""
    _deliveries: Iterator[int] = field(default_factory=lambda: count(1))

    def put(self, message: Stored, now: float) -> None:
        self._oldest = min(self._oldest, message.sent_at)
        self.messages[message.number] = message
        if message.visible_at <= now:
            self.visible[message.number] = message
        else:
            self._delayed += 1
            heappush(self._waking, (message.visible_at, message.number))

    def wake(self, now: float) -> None:
        """Messages become visible whose time has come, and those past their retention vanish."""
        waking = self._waking
        while waking and waking[0][0] <= now:
            at, number = heappop(waking)
            if self._is_awaited(at, number):
                message = self.visible[number] = self.messages[number]
                self._delayed -= message.receives == 0
        if self._oldest + self.settings.retention <= now:
            self._expire(now)

    def candidates(self, limit: int, chance: Random | None) -> list[Stored]:
        """Visible messages to deliver: the longest visible first, or any that chance picks."""
        if chance is not None:
            return chance.sample(list(self.visible.values()), min(limit, len(self.visible)))
        return list(islice(self.visible.values(), limit))

    def deliver(self, message: Stored, now: float, hidden_for: int) -> Stored:
        message.receives += 1
        message.delivered_at = now
        if message.receives == 1:
            message.first_received_at = now
        message.receipt = f"AQEB-{self.name}-{message.number}-{next(self._deliveries)}"
        self._hide(message, now, hidden_for)
        return message

    def delete(self, receipt: str) -> None:
        """Nothing happens if the message was delivered again since: SQS says that it did."""
        message = self._behind(receipt)
        if message is not None and message.receipt == receipt:
            self.remove(message)

    def change_visibility(self, receipt: str, now: float, hidden_for: int) -> None:
        message = self._behind(receipt)
        if message is None or message.receipt != receipt:
            raise bad_value(
                receipt,
                "ReceiptHandle",
                "Message does not exist or is not available for visibility timeout change",
            )
        if message.number in self.visible:
            raise Refused("MessageNotInflight", "The message referred to isn't in flight.")
        if now - message.delivered_at + hidden_for > LONGEST_HIDING:
            raise bad_value(
                hidden_for,
                "VisibilityTimeout",
                "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
            )
        self._hide(message, now, hidden_for)

    def remove(self, message: Stored) -> None:
        del self.messages[message.number]
        if self.visible.pop(message.number, None) is None:
            self._delayed -= message.receives == 0

    def purge(self) -> None:
        self.messages.clear()
        self.visible.clear()
        self._waking.clear()
        self._delayed = 0

    @property
    def delayed(self) -> int:
        return self._delayed

    @property
    def in_flight(self) -> int:
        return len(self.messages) - len(self.visible) - self._delayed

    @property
    def is_full(self) -> bool:
        return self.in_flight >= MOST_IN_FLIGHT

    def next_visible_at(self, now: float) -> float | None:
        """When a message is or becomes visible; None for an empty queue."""
        if self.visible:
            return now
        waking = self._waking
        while waking and not self._is_awaited(*waking[0]):
            heappop(waking)
        return waking[0][0] if waking else None

    def _is_awaited(self, at: float, number: int) -> bool:
        """Whether the message still becomes visible then: it may be gone, or hidden anew."""
        message = self.messages.get(number)
        return message is not None and message.visible_at == at and number not in self.visible

    def _expire(self, now: float) -> None:
        for message in list(self.messages.values()):
            if message.sent_at + self.settings.retention <= now:
                self.remove(message)
        self._oldest = min((each.sent_at for each in self.messages.values()), default=inf)

    def _hide(self, message: Stored, now: float, hidden_for: int) -> None:
        message.visible_at = now + hidden_for
        self.visible.pop(message.number, None)
        if hidden_for:
            heappush(self._waking, (message.visible_at, message.number))
        else:
            self.visible[message.number] = message

    def _behind(self, receipt: str) -> Stored | None:
        """The message that the receipt was given for, if it is still here."""
        start, _, rest = receipt.partition(f"-{self.name}-")
        number, _, delivery = rest.partition("-")
        if start != "AQEB" or not number.isdecimal() or not delivery.isdecimal():
            raise Refused("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
        return self.messages.get(int(number))
