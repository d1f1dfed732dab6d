"""Fakes that go wrong as arranged."""

from __future__ import annotations

import pytest

from domain.failures import Interrupted, Transient
from domain.leases import FixedLease
from domain.orders import OrderFailure, StoreReport
from tests.builders import KEY, a_run, a_shop, orders
from tests.fakes.checkpoints import FakeCheckpoints
from tests.fakes.clock import FakeClock
from tests.fakes.orders import FakeOrders


class TestAFaultyStore:
    def test_fails_before_a_call_takes_effect(self) -> None:
        store = FakeCheckpoints(FakeClock())
        store.fail_next(times=2)
        for _ in range(2):
            with pytest.raises(Transient):
                store.begin(a_run())
        assert store.find(KEY) is None

    def test_fails_in_the_way_it_is_told_to(self) -> None:
        store = FakeCheckpoints(FakeClock())
        store.fail_next(Interrupted())
        with pytest.raises(Interrupted):
            store.find(KEY)

    def test_loses_the_answer_of_a_call_that_took_effect(self) -> None:
        store = FakeCheckpoints(FakeClock())
        store.lose_next_answer()
        with pytest.raises(Transient):
            store.begin(a_run())
        assert store.find(KEY) is not None

    def test_recovers(self) -> None:
        store = FakeCheckpoints(FakeClock())
        store.fail_next(times=9)
        store.recover()
        assert store.find(KEY) is None


class TestAFaultyOrderTable:
    def save(self, store: FakeOrders, count: int = 3) -> StoreReport:
        clock = FakeClock()
        return store.save(a_shop(), orders(count), FixedLease(clock, clock.monotonic() + 1))

    def test_rejects_orders(self) -> None:
        store = FakeOrders()
        store.reject("2", failure=OrderFailure.TOO_LARGE)
        report = self.save(store)
        assert [failed.failure for (failed,) in report.failed] == [OrderFailure.TOO_LARGE]
        assert set(store.of("user-1")) == {"1", "3"}
        store.accept("2")
        assert self.save(store) == StoreReport(3)

    def test_fails_where_every_order_fails_for_now(self) -> None:
        store = FakeOrders()
        store.reject("1", failure=OrderFailure.THROTTLED)
        with pytest.raises(Transient):
            self.save(store, count=1)

    def test_stores_nothing_while_it_is_throttled(self) -> None:
        store = FakeOrders()
        store.throttle(times=1)
        with pytest.raises(Transient):
            self.save(store)
        assert store.of("user-1") == {}
        assert self.save(store) == StoreReport(3)

    def test_loses_an_answer(self) -> None:
        store = FakeOrders()
        store.lose_next_answer()
        with pytest.raises(Transient):
            self.save(store)
        assert len(store.of("user-1")) == 3
