"""The next page's message: published, then marked as published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from domain.checkpoints import Checkpoint
from domain.failures import Transient
from domain.outcomes import Done, Later, Outcome
from domain.ports import Chance, CheckpointStore, Clock, Publisher
from domain.redelivery import backoff


@dataclass(frozen=True, slots=True)
class PublishPage:
    """Publish the message that carries the run on at its page.

    A message that may or may not have been sent is sent again when the delivery at hand comes
    back: one copy more for one fault, and the copies do not multiply.
    """

    checkpoints: CheckpointStore
    publisher: Publisher
    clock: Clock
    chance: Chance

    def __call__(self, run: Checkpoint) -> Outcome:
        delay = max(run.due_at - self.clock.now(), timedelta(0))
        try:
            self.publisher.publish(run.continuation, delay)
            self.checkpoints.mark_published(run.continuation)
        except Transient:
            return Later(backoff(1, self.chance.uniform()))
        return Done()
