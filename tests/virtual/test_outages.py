"""Outages of any length bury nothing, and end with everything done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.checkpoints import RunStatus
from domain.occurrences import DeadLettersHeldBack, MessageSettled
from tests.builders import orders
from tests.virtual.workers import World, shop_of

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
PAGE = 2
ORDERS = 4


@pytest.fixture
def worlds() -> Iterator[list[World]]:
    made: list[World] = []
    yield made
    for world in made:
        world.end()


def a_world(worlds: list[World], chains: int, processes: int = 1, **settings: object) -> World:
    """So many users, each with a shop of four orders and a sync of two pages asked for."""
    world = World({"page_size": PAGE, **settings}, processes)
    worlds.append(world)
    for number in range(chains):
        world.connect(f"user-{number}", ORDERS)
        world.request(f"user-{number}")
    return world


def all_done(world: World, chains: int) -> bool:
    runs = (world.run(f"user-{number}") for number in range(chains))
    return not world.inbox.stored and all(run.status is RunStatus.COMPLETED for run in runs)


def check(world: World, chains: int) -> None:
    """Everything is stored and counted once, nothing was buried."""
    assert world.inbox.dead == []
    assert world.stored() == {f"user-{number}": ORDERS for number in range(chains)}
    for number in range(chains):
        run = world.run(f"user-{number}")
        assert (run.status, run.totals.saved, run.totals.failed) == (
            RunStatus.COMPLETED,
            ORDERS,
            0,
        )


class TestAnHourWithoutShopify:
    CHAINS = 400

    def test_buries_none_of_four_hundred_chains_and_all_complete(self, worlds: list[World]) -> None:
        world = a_world(worlds, self.CHAINS, processes=2)
        world.run_for(MINUTE)
        world.shopify.away = lambda _shop: True
        world.run_for(HOUR)
        asked = sum(world.shopify.failed.values())
        attempts = [world.run(f"user-{number}").attempts for number in range(self.CHAINS)]
        # Each process fails with what it had in hand, then probes about once a minute.
        assert asked < 2 * (3 * 8 + 70)
        assert max(attempts) <= 2
        assert sum(attempts) <= 2 * 3 * 8
        world.shopify.away = lambda _shop: False
        world.run_until(lambda: all_done(world, self.CHAINS), within=20 * MINUTE)
        check(world, self.CHAINS)

    def test_sends_one_probe_at_a_time(self, worlds: list[World]) -> None:
        world = a_world(worlds, 100)
        world.shopify.away = lambda _shop: True
        world.run_for(MINUTE)
        world.shopify.most_failing_at_once = 0
        world.run_for(HOUR)
        assert world.shopify.most_failing_at_once == 1

    def test_keeps_the_due_times_true(self, worlds: list[World]) -> None:
        world = a_world(worlds, 100)
        world.shopify.away = lambda _shop: True
        world.run_for(HOUR)
        for number in range(100):
            run = world.run(f"user-{number}")
            assert timedelta(0) <= run.due_at - world.clock.now() <= 5 * MINUTE
            assert run.takeovers == 0
            assert run.last_error is not None
            assert run.last_error.message == "Shopify failed (HTTP 502)"
        assert len(world.inbox.stored) == 100

    @pytest.mark.parametrize(("chains", "processes"), [(1, 1), (2, 1), (1, 2), (1, 10)])
    def test_buries_no_chain_that_is_alone(
        self, worlds: list[World], chains: int, processes: int
    ) -> None:
        """However many processes share its failures."""
        world = a_world(worlds, chains, processes)
        world.shopify.away = lambda _shop: True
        world.run_for(24 * HOUR)
        world.shopify.away = lambda _shop: False
        world.run_until(lambda: all_done(world, chains), within=10 * MINUTE)
        check(world, chains)


class TestAShopThatIsAway:
    def test_disturbs_no_other_shop_and_comes_back(self, worlds: list[World]) -> None:
        world = a_world(worlds, 50)
        sick = shop_of("user-7")
        world.shopify.away = lambda shop: shop == sick
        world.run_for(10 * MINUTE)
        done = [world.run(f"user-{n}").status is RunStatus.COMPLETED for n in range(50)]
        assert done == [number != 7 for number in range(50)]
        world.run_for(12 * HOUR)
        assert world.inbox.dead == []
        world.shopify.away = lambda _shop: False
        world.run_until(lambda: all_done(world, 50), within=10 * MINUTE)
        check(world, 50)


class TestAnHourWithoutDynamoDB:
    CHAINS = 200

    def test_buries_nothing_while_the_state_is_away(self, worlds: list[World]) -> None:
        world = a_world(worlds, self.CHAINS)
        world.run_for(10 * timedelta(seconds=1))
        world.checkpoints.fail_next(times=100_000)
        world.run_for(HOUR)
        assert len(world.inbox.stored) == self.CHAINS
        world.checkpoints.recover()
        world.run_until(lambda: all_done(world, self.CHAINS), within=30 * MINUTE)
        check(world, self.CHAINS)
        assert all(world.run(f"user-{n}").takeovers == 0 for n in range(self.CHAINS))

    def test_buries_no_chain_that_is_alone_either(self, worlds: list[World]) -> None:
        world = a_world(worlds, 1, processes=10)
        world.orders.throttle()
        world.run_for(24 * HOUR)
        world.orders.recover()
        world.run_until(lambda: all_done(world, 1), within=10 * MINUTE)
        check(world, 1)

    def test_buries_nothing_while_orders_cannot_be_stored(self, worlds: list[World]) -> None:
        world = a_world(worlds, self.CHAINS)
        world.run_for(10 * timedelta(seconds=1))
        world.orders.throttle()
        world.run_for(HOUR)
        world.orders.recover()
        world.run_until(lambda: all_done(world, self.CHAINS), within=20 * MINUTE)
        check(world, self.CHAINS)


class TestABadRelease:
    CHAINS = 200

    def test_buries_no_more_than_its_allowance(self, worlds: list[World]) -> None:
        world = a_world(worlds, self.CHAINS, max_attempts=2)
        world.shopify.away = _bug
        world.run_for(HOUR)
        (process,) = world.running
        assert process.limit.reached
        # A hundred, then one for each minute since the first.
        assert 100 <= len(world.inbox.dead) < self.CHAINS
        outcomes = {each.outcome for each in world.observer.of(MessageSettled)}
        assert "held-back" in outcomes

    def test_that_refuses_every_order_buries_no_more_either(self, worlds: list[World]) -> None:
        world = a_world(worlds, self.CHAINS)
        world.orders.reject(*(order.order_id for order in orders(ORDERS)))
        world.run_for(HOUR)
        assert DeadLettersHeldBack(reached=True) in world.observer.of(DeadLettersHeldBack)
        # Of 400 letters: the limit's hundred, and one for each minute.
        assert 50 <= len(world.inbox.dead) <= 160
        world.orders.recover()
        world.run_until(lambda: all_done(world, self.CHAINS), within=30 * MINUTE)

    def test_is_forgotten_by_one_that_works(self, worlds: list[World]) -> None:
        world = a_world(worlds, self.CHAINS, max_attempts=2)
        world.shopify.away = _bug
        world.run_for(HOUR)
        world.shopify.away = lambda _shop: False
        buried = len(world.inbox.dead)
        world.run_until(lambda: not world.inbox.stored, within=30 * MINUTE)
        (process,) = world.running
        assert not process.limit.reached
        assert len(world.inbox.dead) == buried
        done = [world.run(f"user-{n}").status for n in range(self.CHAINS)]
        assert done.count(RunStatus.COMPLETED) == self.CHAINS - buried


def _bug(shop: str) -> bool:
    raise KeyError(shop)
