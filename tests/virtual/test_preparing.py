"""A source that prepares its answer for longer than SQS would deliver one message for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.checkpoints import RunStatus
from domain.failures import Preparing
from domain.occurrences import MessageSettled
from tests.virtual.workers import World

HOUR = timedelta(hours=1)
A_LOOK = timedelta(minutes=1)
MAX_RECEIVE_COUNT = 50


@pytest.fixture
def world() -> Iterator[World]:
    made = World({"page_size": 2})
    yield made
    made.end()


class TestTenHoursOfPreparation:
    def test_wear_no_message_out(self, world: World) -> None:
        ready = world.clock.now() + 10 * HOUR

        def prepares(_shop: str) -> bool:
            if world.clock.now() < ready:
                raise Preparing("operation 7", A_LOOK, "Shopify prepares the orders")
            return False

        world.shopify.away = prepares
        world.connect("user-1", 4)
        world.request("user-1")
        # Its own cursor is none of the fake's: it would not read on from it.
        world.run_until(lambda: world.clock.now() > ready - HOUR, within=10 * HOUR)
        run = world.run("user-1")
        assert (run.status, run.attempts, run.page) == (RunStatus.RUNNING, 0, 1)
        settled = world.observer.of(MessageSettled)
        looks = [each for each in settled if each.outcome == "preparing"]
        assert len(looks) > 500
        assert max(each.receive_count for each in settled) < MAX_RECEIVE_COUNT
        assert world.inbox.dead == []
        assert len(world.inbox.stored) == 1
