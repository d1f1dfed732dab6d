"""What becomes of failures on the way to an answer."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from domain.failures import (
    Failure,
    Interrupted,
    PageTooLarge,
    Permanent,
    RateLimited,
    SecurityRejected,
    TimedOut,
    Transient,
)
from domain.occurrences import Reported, Retried, WaitedForRateLimit
from tests.canned_shopify import FIRST_PAGE, CannedShopify, canned_shopify, fetch
from tests.shopify import (
    TOKEN,
    VERSION,
    Bench,
    a_connected_shop,
    a_node,
    a_page_of,
    an_error,
    cost,
)

THROTTLED = {"errors": [an_error("THROTTLED")], "extensions": cost(600, 400, 100)}


@pytest.fixture
def shopify() -> Iterator[CannedShopify]:
    with canned_shopify() as shopify:
        yield shopify


@pytest.fixture
def bench() -> Bench:
    return Bench()


class TestTrying:
    def test_goes_on_after_a_failure_that_passes(
        self, shopify: CannedShopify, bench: Bench
    ) -> None:
        shopify.refuses(502)
        shopify.refuses(500)
        shopify.refuses(503)
        shopify.answers(a_page_of(a_node()))
        assert len(fetch(bench).orders) == 1
        assert bench.pause.seconds == [1, 2, 4]

    def test_gives_up_at_last(self, shopify: CannedShopify, bench: Bench) -> None:
        shopify.refuses(502)
        with pytest.raises(Transient, match="HTTP 502"):
            fetch(bench)
        assert len(shopify.asked) == 4

    def test_waits_out_a_short_rate_limit(self, shopify: CannedShopify, bench: Bench) -> None:
        shopify.refuses(429, {"errors": "Exceeded 2 calls per second"}, Retry_After="2.0")
        shopify.answers(THROTTLED, a_page_of(a_node()))
        assert len(fetch(bench).orders) == 1
        assert bench.pause.seconds == [2, 2]
        assert len(bench.observer.of(WaitedForRateLimit)) == 2
        assert bench.observer.of(Retried) == []

    def test_leaves_a_long_rate_limit_to_the_queue(
        self, shopify: CannedShopify, bench: Bench
    ) -> None:
        shopify.refuses(429, Retry_After="30.5")
        with pytest.raises(RateLimited) as raised:
            fetch(bench)
        assert raised.value.wait == timedelta(seconds=30.5)
        assert bench.pause.waits == []

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            ({"errors": [an_error("MAX_COST_EXCEEDED", cost=2003)]}, PageTooLarge),
            ({"errors": [an_error("ACCESS_DENIED", "orders")]}, Permanent),
            ({"errors": [an_error("undefinedField")]}, Permanent),
        ],
    )
    def test_stops_at_once_when_it_is_of_no_use(
        self, shopify: CannedShopify, bench: Bench, body: Any, kind: type[Failure]
    ) -> None:
        shopify.answers(body)
        with pytest.raises(kind):
            fetch(bench)
        assert len(shopify.asked) == 1

    def test_takes_no_more_than_two_time_outs(self, shopify: CannedShopify, bench: Bench) -> None:
        shopify.refuses(504)
        with pytest.raises(TimedOut):
            fetch(bench)
        assert len(shopify.asked) == 2

    def test_ends_with_the_process(self, shopify: CannedShopify, bench: Bench) -> None:
        shopify.answers(THROTTLED)
        bench.pause.stop()
        with pytest.raises(Interrupted):
            fetch(bench)


class TestWhatAPersonShouldKnow:
    def test_is_that_customer_data_is_withheld(self, shopify: CannedShopify, bench: Bench) -> None:
        errors = [an_error(None, "orders", "nodes", n, "customer") for n in range(2)]
        nodes = (a_node(1, customer=None), a_node(2, customer=None))
        shopify.answers({**a_page_of(*nodes), "errors": errors})
        orders = fetch(bench).orders
        assert ["customer" in order.fields for order in orders] == [False, False]
        (reported,) = bench.observer.of(Reported)
        assert reported.subject == "customer-data"
        assert "withholds customer:" in reported.text

    def test_is_that_another_version_answers_said_once(
        self, shopify: CannedShopify, bench: Bench
    ) -> None:
        shopify.answers(a_page_of(), X_Shopify_API_Version="2026-01")
        source = bench.source
        for _ in range(3):
            source.fetch_page(a_connected_shop(), FIRST_PAGE)
        (reported,) = bench.observer.of(Reported)
        assert reported.subject == "api-version"
        assert "2026-01" in reported.text
        assert VERSION in reported.text

    def test_is_nothing_when_all_is_as_asked(self, shopify: CannedShopify, bench: Bench) -> None:
        shopify.answers(a_page_of(a_node()), X_Shopify_API_Version=VERSION)
        fetch(bench)
        assert bench.observer.occurrences == []


REPEATS_THE_TOKEN = {"errors": f"no such token: {TOKEN}"}
LEAKS = [
    (200, REPEATS_THE_TOKEN),
    (200, {"errors": [{"message": TOKEN, "extensions": {"code": TOKEN}}]}),
    (200, TOKEN),
    *((status, REPEATS_THE_TOKEN) for status in (302, 400, 401, 402, 403, 404, 423, 430, 502)),
]


class TestTheToken:
    @pytest.mark.parametrize(("status", "body"), LEAKS)
    def test_is_in_no_text_whatever_the_answer(
        self, shopify: CannedShopify, caplog: pytest.LogCaptureFixture, status: int, body: Any
    ) -> None:
        caplog.set_level("DEBUG")
        shopify.refuses(status, body, Location=f"https://x.example.com/{TOKEN}")
        bench = Bench(retries=0)
        with pytest.raises((Failure, SecurityRejected)) as raised:
            fetch(bench)
        texts = (
            repr(raised.value),
            *traceback.format_exception(raised.value),
            caplog.text,
            repr(bench.observer.occurrences),
            repr(bench.source),
        )
        assert TOKEN not in "".join(texts)
