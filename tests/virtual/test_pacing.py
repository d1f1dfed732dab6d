"""`adaptive`, from the request to the last page: as fast as a shop's rate limit allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from domain.messages import SyncType
from domain.occurrences import WaitedForRateLimit
from domain.orders import Order
from tests.virtual.paced import PacedWorld

INITIAL, MANUAL, DAILY = SyncType.INITIAL, SyncType.MANUAL, SyncType.DAILY
Open = Callable[..., PacedWorld]


@pytest.fixture
def a_world() -> Iterator[Open]:
    made: list[PacedWorld] = []

    def opened(source: str, **more: Any) -> PacedWorld:
        made.append(PacedWorld(source, **more))
        return made[-1]

    yield opened
    for each in made:
        each.world.end()


class TestOneChain:
    def test_reads_two_hundred_pages_by_rest_in_eighty_seconds(self, a_world: Open) -> None:
        world = a_world("rest", orders=1000, page_size=5)
        seconds, calls = world.run(MANUAL), world.bucket.use()["spent"]
        # One for each page and a few to count; 40 are there, the others come at 2 a second.
        assert 200 < calls <= 204
        ideal = (calls - 40) / 2
        assert ideal <= seconds <= ideal * 1.01
        assert world.refused == 0
        # Half a second is no delay that SQS knows.
        assert set(world.delays) == {0}

    def test_uses_all_points_of_graphql_and_has_none_refused(self, a_world: Open) -> None:
        world = a_world("graphql", orders=1000, page_size=10)
        world.run(MANUAL)
        assert world.refused == 0
        assert world.restored() >= 0.99

    def test_waits_in_the_queue_where_a_page_costs_seconds(self, a_world: Open) -> None:
        world = a_world("graphql", orders=1000, page_size=50)
        world.run(MANUAL)
        late = world.delays[-10:]
        assert all(delay >= 2 and delay == int(delay) for delay in late)
        assert world.restored() >= 0.99
        assert world.world.observer.of(WaitedForRateLimit) == []

    def test_keeps_to_a_fixed_delay_and_books_nothing(self, a_world: Open) -> None:
        world = a_world("rest", orders=50, page_size=5, page_delay_manual=30)
        assert world.run(MANUAL) == pytest.approx(9 * 30, abs=9)
        assert set(world.delays) == {0, 30}

    def test_goes_on_when_it_is_refused_as_somebody_else_took_it_all(self, a_world: Open) -> None:
        world = a_world("rest", orders=100, page_size=5)
        saved = world.world.orders.save

        def drains(*given: Any, **more: Any) -> Any:
            world.bucket.leave(0)
            return saved(*given, **more)

        world.world.orders.save = drains  # type: ignore[method-assign]
        world.run(MANUAL)
        run = world.checkpoint(MANUAL)
        assert run is not None
        assert (run.totals.saved, run.attempts) == (100, 0)
        assert 0 < world.refused <= 25
        assert len(world.world.observer.of(WaitedForRateLimit)) >= world.refused


class TestChainsOfOneShop:
    @pytest.mark.parametrize(("source", "page_size"), [("rest", 5), ("graphql", 10)])
    def test_share_what_there_is(self, a_world: Open, source: str, page_size: int) -> None:
        world = a_world(source, orders=80 * page_size, page_size=page_size)
        world.run(MANUAL, INITIAL, DAILY)
        assert world.refused == 0
        assert world.restored() >= 0.98

    def test_take_turns(self, a_world: Open) -> None:
        world = a_world("graphql", orders=400, page_size=10)
        seen: list[tuple[int, int]] = []
        saved = world.world.orders.save

        def looks(shop: Any, orders: tuple[Order, ...], lease: Any) -> Any:
            pages = [run.page for run in map(world.checkpoint, (MANUAL, INITIAL)) if run]
            seen.append((min(pages), max(pages)))
            return saved(shop, orders, lease)

        world.world.orders.save = looks  # type: ignore[method-assign]
        world.run(MANUAL, INITIAL)
        # Of 40: whoever comes first is ahead by what was in the full bucket, and by no more later.
        assert max(most - least for least, most in seen) <= 6

    def test_share_it_from_several_processes_too(self, a_world: Open) -> None:
        """Each sees in the answers what the others take, and leaves room for what they ask now."""
        world = a_world("rest", orders=400, page_size=5, processes=2)
        world.run(MANUAL, INITIAL, DAILY)
        assert world.restored() >= 0.99
        assert world.refused == 0
