"""The consumer, put together from the container's objects."""

from __future__ import annotations

from datetime import timedelta

from adapters.dead_letter_limit import DeadLetterLimit
from config.container import Container
from config.settings import Settings
from entrypoints.consumer import Consumer
from entrypoints.deletions import Deletions
from entrypoints.fairness import FairShare, cap
from entrypoints.handles import Fairly, HoldingBack, WhenDue
from entrypoints.handling import Handle, HandleReceived
from entrypoints.polling import Polling
from entrypoints.settling import SettleDelivery
from entrypoints.tries import Tries
from entrypoints.undeleted import Undeleted


def consumer_of(container: Container, limit: DeadLetterLimit) -> Consumer:
    """The loop; it may be run once."""
    settings: Settings = container.settings()
    inbox, observer = container.inbox(), container.observer()
    clock, chance, stopping = container.clock(), container.chance(), container.stopping()
    undeleted = Undeleted()
    deletions = Deletions(inbox, Tries(observer, stopping), undeleted)
    return Consumer(
        poll=Polling(
            inbox=inbox,
            wait=settings.long_poll,
            observer=observer,
            clock=clock,
            chance=chance,
            pause=stopping,
        ),
        handle=handle_of(container, limit),
        settle=SettleDelivery(inbox, observer, clock, chance, stopping, undeleted, deletions),
        heartbeat=container.heartbeat(),
        waits=stopping,
        observer=observer,
        clock=clock,
        workers=settings.workers,
        grace=timedelta(seconds=settings.shutdown_grace),
    )


def handle_of(container: Container, limit: DeadLetterLimit) -> Handle:
    """What is done with a delivery, from its body to its outcome."""
    settings: Settings = container.settings()
    clock, chance = container.clock(), container.chance()
    fairly = Fairly(container.handle_delivery(), FairShare(cap(settings.workers), clock))
    handle = HandleReceived(fairly, container.observer(), chance, settings.max_attempts)
    return HoldingBack(WhenDue(handle, clock), limit, chance)
