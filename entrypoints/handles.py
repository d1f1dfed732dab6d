"""Wrappers around the handling of a delivery: what is kept from it, and from its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from adapters.dead_letter_limit import DeadLetterLimit
from domain.dead_lettering import HELD_BACK_FOR
from domain.deliveries import Received
from domain.messages import Delivery
from domain.outcomes import DeadLetter, Done, Later, Outcome, Why
from domain.ports import Chance, Clock
from entrypoints.fairness import FairShare
from entrypoints.handling import Handle, Handled

LONGEST_EARLINESS = timedelta(days=1)
"""Nothing of ours waits for longer: such a due time is somebody else's attribute."""


@dataclass(frozen=True, slots=True)
class WhenDue:
    """A copy that SQS could not delay for long enough waits on."""

    handle: Handle
    clock: Clock

    def __call__(self, received: Received) -> Handled:
        if received.due_at is not None:
            early = received.due_at - self.clock.now()
            if timedelta(seconds=1) < early <= LONGEST_EARLINESS:
                return Handled(Later(early, Why.EARLY))
        return self.handle(received)


@dataclass(frozen=True, slots=True)
class HoldingBack:
    """A message that would be dead-lettered goes back while too many have been."""

    handle: Handle
    limit: DeadLetterLimit
    chance: Chance

    def __call__(self, received: Received) -> Handled:
        handled = self.handle(received)
        if isinstance(handled.outcome, Done):
            self.limit.done()
        elif isinstance(handled.outcome, DeadLetter) and not self.limit.draw():
            wait = HELD_BACK_FOR * (0.5 + self.chance.uniform() / 2)
            return Handled(Later(wait, Why.HELD_BACK), handled.message)
        return handled


@dataclass(frozen=True, slots=True)
class Fairly:
    """A user's messages beyond their share of the workers go back for a short while."""

    do: Callable[[Delivery], Outcome]
    shares: FairShare

    def __call__(self, delivery: Delivery) -> Outcome:
        with self.shares.share_of(delivery.message.user_id) as wait:
            return self.do(delivery) if wait is None else Later(wait, Why.CROWDED)
