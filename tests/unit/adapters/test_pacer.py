"""Who waits how long for a shop's rate limit, and where."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.buckets import Told
from adapters.pacer import PATIENCE, Api, Pacer, Wish
from domain.failures import Interrupted, Outage, RateLimited, Reason
from tests.fakes.clock import FakeClock
from tests.fakes.pause import FakePause

SHOP = "one.myshopify.com"
OTHER = "two.myshopify.com"


class Paced:
    """A pacer, and requests whose answers say what is left."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.pause = FakePause(self.clock.advance)
        self.pacer = Pacer(self.clock, self.pause)

    def asks(self, told: Told, points: float = 1, place: object = "", shop: str = SHOP) -> None:
        with self.pacer.request(shop, Api.REST, Wish(points, place)) as request:
            request.tells(told)

    def learns(self, available: float, shop: str = SHOP) -> None:
        self.asks(Told(available, 40, 2, 1), shop=shop)

    @property
    def waited(self) -> float:
        return sum(self.pause.seconds)


@pytest.fixture
def paced() -> Paced:
    return Paced()


class TestARequest:
    def test_to_a_shop_that_is_not_known_is_sent_at_once(self, paced: Paced) -> None:
        paced.learns(0)
        assert paced.waited == 0

    def test_waits_for_a_short_time_where_it_is(self, paced: Paced) -> None:
        paced.learns(0)
        paced.learns(0)
        assert paced.waited == pytest.approx(0.5, abs=0.01)

    def test_that_would_wait_for_long_leaves_the_worker(self, paced: Paced) -> None:
        paced.learns(0)
        with pytest.raises(RateLimited) as raised:
            paced.asks(Told(), points=10)
        assert raised.value.wait == timedelta(seconds=5)
        assert paced.waited == 0
        paced.learns(0, OTHER)
        paced.asks(Told(), points=PATIENCE.total_seconds() * 2, shop=OTHER)
        assert paced.waited == pytest.approx(PATIENCE.total_seconds(), abs=0.01)

    def test_that_left_has_kept_its_turn(self, paced: Paced) -> None:
        paced.learns(0)
        with pytest.raises(RateLimited):
            paced.asks(Told(), points=10, place="mine")
        with pytest.raises(RateLimited) as raised:
            paced.asks(Told(), place="another")
        assert raised.value.wait == timedelta(seconds=5.5)
        paced.clock.advance(timedelta(seconds=5))
        paced.asks(Told(available=0, charged=10), points=10, place="mine")
        assert paced.waited == 0

    def test_that_nobody_took_costs_nothing(self, paced: Paced) -> None:
        paced.learns(1)
        for _ in range(3):
            with pytest.raises(Outage), paced.pacer.request(SHOP, Api.REST, Wish(1, "")):
                raise Outage(Reason.SHOPIFY_ERROR, "no connection")
        assert paced.waited == 0

    def test_that_fails_is_over(self, paced: Paced) -> None:
        paced.learns(2)
        with pytest.raises(KeyError), paced.pacer.request(SHOP, Api.REST, Wish(1, "")):
            raise KeyError
        paced.learns(0)
        assert paced.waited == 0
        paced.learns(0)
        assert paced.waited == pytest.approx(0.5, abs=0.01)

    def test_ends_with_the_process_and_leaves_its_place(self, paced: Paced) -> None:
        paced.learns(0)
        paced.pause.stop()
        with pytest.raises(Interrupted):
            paced.learns(0)
        assert paced.pacer.book(SHOP, Api.REST, Wish(1, "")) == timedelta(0)
        assert paced.pacer.book(SHOP, Api.REST, Wish(4, "two")) == timedelta(seconds=2)

    def test_disturbs_no_other_shop_and_no_other_api(self, paced: Paced) -> None:
        paced.learns(0)
        paced.learns(0, shop=OTHER)
        with paced.pacer.request(SHOP, Api.GRAPHQL, Wish(1000, "")) as request:
            request.tells(Told(1000, 2000, 100, 1000))
        assert paced.waited == 0


class TestABooking:
    def test_delays_a_message_by_whole_seconds(self, paced: Paced) -> None:
        paced.learns(0)
        waits = [paced.pacer.book(SHOP, Api.REST, Wish(1, n)).total_seconds() for n in range(9)]
        # Each has half a second of its own; what is due in less than two is sent at once.
        assert waits == [0, 0, 0, 2, 2, 3, 3, 4, 4]

    def test_is_what_its_request_finds_even_if_others_come_between(self, paced: Paced) -> None:
        paced.learns(0)
        assert paced.pacer.book(SHOP, Api.REST, Wish(7, "page 2")) == timedelta(seconds=3)
        with pytest.raises(RateLimited):
            paced.asks(Told(), points=2, place="another")
        paced.clock.advance(timedelta(seconds=3))
        paced.asks(Told(available=0, charged=7), points=7, place="page 2")
        assert paced.waited == pytest.approx(0.5, abs=0.01)

    def test_for_a_shop_that_is_not_known_needs_no_delay(self, paced: Paced) -> None:
        assert paced.pacer.book(SHOP, Api.REST, Wish(1, "")) == timedelta(0)


class TestMemory:
    def test_holds_no_shop_that_was_not_asked_for_an_hour(self, paced: Paced) -> None:
        for number in range(100):
            paced.learns(20, shop=f"shop-{number}.myshopify.com")
            paced.pacer.book(f"shop-{number}.myshopify.com", Api.REST, Wish(1, "never asked"))
        assert paced.pacer.known() == 100
        paced.clock.advance(timedelta(hours=1))
        paced.learns(20)
        assert paced.pacer.known() == 1
