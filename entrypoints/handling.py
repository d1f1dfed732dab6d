"""From a body on the wire to the outcome of its delivery."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeAlias

from domain.deliveries import Received
from domain.failures import Interrupted, Reason
from domain.messages import Delivery, Message
from domain.occurrences import Reported
from domain.outcomes import DeadLetter, GiveBack, Later, Outcome
from domain.ports import Chance, Observer
from domain.redelivery import backoff
from entrypoints.bugs import kind_and_frames, kind_and_place
from entrypoints.messages import InvalidMessage, decode


@dataclass(frozen=True, slots=True)
class Handled:
    """How a delivery is to end, and what it asked for as far as that is known."""

    outcome: Outcome
    message: Message | None = None


Handle: TypeAlias = Callable[[Received], Handled]
"""What is done with a delivery, but for settling it."""


class Tally:
    """How often each of the latest thousand messages met a bug here. Thread-safe.

    SQS's receive count would not do: it counts every wait in an outage, too.
    """

    def __init__(self, most: int = 1000) -> None:
        self._lock = Lock()
        self._most = most
        self._counts: OrderedDict[str, int] = OrderedDict()

    def plus_one(self, identity: str) -> int:
        """The count with this one."""
        with self._lock:
            count = self._counts[identity] = self._counts.get(identity, 0) + 1
            self._counts.move_to_end(identity)
            if len(self._counts) > self._most:
                self._counts.popitem(last=False)
            return count


@dataclass(frozen=True, slots=True)
class HandleReceived:
    """Read the message and do what it asks for. Never raises.

    A bug puts the message off; after `max_attempts` bugs it goes to the dead-letter queue.
    """

    do: Callable[[Delivery], Outcome]
    observer: Observer
    chance: Chance
    max_attempts: int
    bugs: Tally = field(default_factory=Tally)

    def __call__(self, received: Received) -> Handled:
        message: Message | None = None
        try:
            message = decode(received.body, received.identity)
            return Handled(self.do(Delivery(message, received.receive_count)), message)
        except InvalidMessage as error:
            return Handled(DeadLetter(Reason.INVALID_MESSAGE, str(error)))
        except Interrupted:
            return Handled(GiveBack(), message)
        except Exception as error:  # noqa: BLE001 - a bug in one message must not stop the others
            return Handled(self._after_a_bug(received, error), message)

    def _after_a_bug(self, received: Received, error: Exception) -> Outcome:
        self.observer.notice(Reported("bug while handling a message", kind_and_frames(error)))
        count = self.bugs.plus_one(received.identity)
        if count >= self.max_attempts:
            return DeadLetter(Reason.BUG, kind_and_place(error))
        return Later(backoff(count, self.chance.uniform()))
