"""One user with a lot to do holds up nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.checkpoints import RunStatus
from domain.failed_batches import FailedBatch
from domain.messages import RetryBatch
from domain.occurrences import MessageSettled, RunChanged, RunEvent
from tests.virtual.workers import World, key_of, shop_of

SMALL = 119
PAGE = 2
ORDERS = 4
HOUR = timedelta(hours=1)
LARGE = "large"


@pytest.fixture
def worlds() -> Iterator[list[World]]:
    made: list[World] = []
    yield made
    for world in made:
        world.end()


def a_world(worlds: list[World]) -> World:
    """119 small shops; the next page follows at once."""
    world = World({"page_size": PAGE, "page_delay_manual": 0})
    worlds.append(world)
    for number in range(SMALL):
        world.connect(f"user-{number}", ORDERS)
    return world


def seconds_for_the_small_ones(world: World) -> float:
    """Have the small shops synced; how long that takes."""
    began = world.clock.monotonic()
    users = [f"user-{number}" for number in range(SMALL)]
    for user in users:
        world.request(user)

    def done() -> bool:
        complete = [
            change
            for change in world.observer.of(RunChanged)
            if change.event is RunEvent.COMPLETED and change.key.user_id != LARGE
        ]
        return len(complete) == SMALL

    world.run_until(done, within=HOUR)
    return world.clock.monotonic() - began


class TestAHundredAndTwentyChains:
    def test_of_which_one_is_a_hundred_times_larger_finish_as_if_alone(
        self, worlds: list[World]
    ) -> None:
        alone = seconds_for_the_small_ones(a_world(worlds))
        world = a_world(worlds)
        world.connect(LARGE, 100 * ORDERS)
        world.request(LARGE)
        together = seconds_for_the_small_ones(world)
        # The large one has one worker of eight, for a page at a time.
        assert together <= alone * 8 / 7 + 1
        assert world.run(LARGE).status is RunStatus.RUNNING
        world.run_until(lambda: not world.inbox.stored, within=HOUR)
        assert world.run(LARGE).totals.saved == 100 * ORDERS
        assert world.inbox.dead == []


class TestAUserWithManyMessages:
    MANY = 400

    def test_holds_up_nobody_and_loses_none_of_them(self, worlds: list[World]) -> None:
        alone = seconds_for_the_small_ones(a_world(worlds))
        world = a_world(worlds)
        world.connect(LARGE, ORDERS)
        for number in range(self.MANY):
            self.retry_a_batch(world, number)
        together = seconds_for_the_small_ones(world)
        # Two workers of eight may be theirs.
        assert together <= alone * 8 / 6 + 2
        world.run_until(lambda: not world.inbox.stored, within=HOUR)
        assert world.failed_batches.all == ()
        assert world.inbox.dead == []

    def test_takes_few_receives_for_it(self, worlds: list[World]) -> None:
        world = a_world(worlds)
        world.connect(LARGE, ORDERS)
        for number in range(self.MANY):
            self.retry_a_batch(world, number)
        world.run_until(lambda: not world.inbox.stored, within=HOUR)
        assert len(world.observer.of(MessageSettled)) < 4 * self.MANY

    def retry_a_batch(self, world: World, number: int) -> None:
        batch = FailedBatch(
            key=key_of(LARGE),
            run_id="run-1",
            page=number + 1,
            batch=1,
            order_ids=("1",),
            reason="throttled",
            error="it was throttled",
            created_at=world.clock.now(),
            shop=shop_of(LARGE),
        )
        kept = world.failed_batches.add(batch)
        world.send(RetryBatch(batch.key, kept.batch_id))
