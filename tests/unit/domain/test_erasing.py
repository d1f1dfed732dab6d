"""Erasures as messages: marked, waited for, done; and what becomes of everything else meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from domain.erasing import AT_ONCE, BUDGET
from domain.erasures import settled_after
from domain.failures import Reason
from domain.leases import FixedLease
from domain.messages import PurgeRequest, RedactRequest, RetryBatch
from domain.occurrences import ErasureDone
from domain.outcomes import DeadLetter, Done, How, Later, Why
from tests.at_hand import a_failed_batch
from tests.builders import KEY, USER, VISIBILITY, a_continuation, a_request, a_run, a_shop, orders
from tests.daemon import Daemon

PURGE = PurgeRequest(USER, "purge-1")
WAIT = settled_after(VISIBILITY)
MINUTE = timedelta(minutes=1)


def with_orders(count: int) -> Daemon:
    daemon = Daemon.of(orders(count))
    lease = FixedLease.lasting(daemon.clock, timedelta(hours=1))
    daemon.orders.save(a_shop(), orders(count), lease)
    return daemon


class TestAPurge:
    def test_waits_until_nothing_is_on_its_way_any_more(self) -> None:
        daemon = with_orders(3)
        assert daemon.deliver(PURGE) == Later(WAIT, Why.ERASING)
        assert daemon.shops.find(USER) is None
        assert len(daemon.orders.of(USER)) == 3
        daemon.clock.advance(MINUTE)
        assert daemon.deliver(PURGE) == Later(WAIT - MINUTE, Why.ERASING)
        daemon.clock.advance(WAIT - MINUTE)
        assert daemon.deliver(PURGE) == Done()
        assert daemon.orders.of(USER) == {}
        assert daemon.observer.of(ErasureDone) == [ErasureDone("user")]

    def test_comes_back_when_it_takes_long(self) -> None:
        daemon = with_orders(3 * AT_ONCE)
        daemon.deliver(PURGE)
        daemon.clock.advance(WAIT)
        remove = daemon.records.remove_orders

        def slowly(user_id: str, most: int) -> int:
            daemon.clock.advance(BUDGET * 0.6)
            return remove(user_id, most)

        daemon.records.remove_orders = slowly  # type: ignore[method-assign]
        assert daemon.deliver(PURGE) == Later(timedelta(0), Why.ERASING)
        assert len(daemon.orders.of(USER)) == AT_ONCE
        assert daemon.deliver(PURGE) == Done()

    def test_is_done_once(self) -> None:
        daemon = with_orders(1)
        daemon.deliver(PURGE)
        daemon.clock.advance(WAIT)
        daemon.deliver(PURGE)
        assert daemon.deliver(PURGE) == Done(How.DUPLICATE)
        assert daemon.deliver(PurgeRequest(USER, "another")) == Done(How.DUPLICATE)

    def test_waits_for_a_table_that_does_not_answer(self) -> None:
        daemon = with_orders(1)
        daemon.records.fail_next()
        outcome = daemon.deliver(PURGE)
        assert isinstance(outcome, Later)
        assert outcome.why is Why.RETRIED


class TestAShopThatIsConnectedAnew:
    def purged(self) -> Daemon:
        daemon = with_orders(1)
        daemon.deliver(PURGE)
        daemon.clock.advance(WAIT)
        daemon.deliver(PURGE)
        return daemon

    def test_is_removed_by_a_purge_that_is_asked_for_before_it_is_stored(self) -> None:
        """`connect` lifts the mark, then stores: no credentials outlive a purge that came later."""
        daemon = self.purged()
        store = daemon.shops.prepare(a_shop())
        assert daemon.erasures.lift(USER)
        daemon.deliver(PurgeRequest(USER, "purge-2"))
        store()
        daemon.clock.advance(WAIT)
        assert daemon.deliver(PurgeRequest(USER, "purge-2")) == Done()
        assert daemon.shops.find(USER) is None


class TestAUserWhoIsPurged:
    def test_has_all_messages_dropped_quietly(self) -> None:
        daemon = with_orders(3)
        daemon.deliver(PURGE)
        messages = (a_request(), a_continuation(2), RetryBatch(KEY), RetryBatch(KEY, "manual#x"))
        assert [daemon.deliver(message) for message in messages] == [Done(How.STALE)] * 4
        assert daemon.checkpoints.find(KEY) is None
        assert not daemon.queue.copies

    def test_has_a_run_that_is_at_work_end_without_a_trace(self) -> None:
        daemon = with_orders(0)
        daemon.source.put(*orders(3))
        daemon.while_fetching = lambda: daemon.deliver(PURGE)
        assert daemon.deliver(a_request()) == Done(How.STALE)
        assert daemon.checkpoints.find(KEY) is None
        assert daemon.orders.of(USER) == {}

    def test_has_a_run_that_began_just_then_end_without_a_trace(self) -> None:
        daemon = with_orders(0)
        daemon.shops.forget(USER)
        begin = daemon.checkpoints.begin

        def begun(run):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            daemon.deliver(PURGE)
            return begin(run)

        daemon.checkpoints.begin = begun  # type: ignore[method-assign]
        assert daemon.deliver(a_request()) == Done(How.STALE)
        assert daemon.checkpoints.find(KEY) is None

    def test_has_a_run_of_a_request_that_comes_back_end_without_a_trace(self) -> None:
        """Its worker died between beginning the run and seeing the mark."""
        daemon = with_orders(0)
        daemon.deliver(PURGE)
        daemon.checkpoints.given(a_run())
        assert daemon.deliver(a_request()) == Done(How.STALE)
        assert daemon.checkpoints.find(KEY) is None

    def test_has_a_batch_that_is_tried_again_end_without_a_trace(self) -> None:
        batch = a_failed_batch(order_ids=("1",))
        daemon = with_orders(1)
        daemon.failed_batches.add(batch)
        daemon.while_fetching = lambda: daemon.deliver(PURGE)
        assert daemon.deliver(RetryBatch(KEY, batch.batch_id)) == Done(How.STALE)
        assert daemon.failed_batches.all == ()

    def test_is_another_than_one_who_was_never_connected(self) -> None:
        daemon = with_orders(0)
        daemon.shops.forget(USER)
        outcome = daemon.deliver(a_request())
        assert isinstance(outcome, DeadLetter)
        assert outcome.reason is Reason.UNKNOWN_SHOP


class TestARedaction:
    def test_goes_on_where_it_was_when_it_takes_long(self) -> None:
        daemon = with_orders(3 * AT_ONCE)
        redact = RedactRequest(USER, "7", ("1", str(3 * AT_ONCE)))
        assert daemon.deliver(redact) == Later(WAIT, Why.ERASING)
        daemon.clock.advance(WAIT)
        looked: list[str | None] = []
        look = daemon.records.redact_orders

        def slowly(mark, most):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            looked.append(mark.after)
            daemon.clock.advance(BUDGET)
            return look(mark, most)

        daemon.records.redact_orders = slowly  # type: ignore[method-assign]
        while (outcome := daemon.deliver(redact)) != Done():
            assert outcome == Later(timedelta(0), Why.ERASING)
        assert looked[0] is None
        assert len(set(looked)) == len(looked) == 3
        assert daemon.observer.of(ErasureDone) == [ErasureDone("customer")]
        assert daemon.deliver(redact) == Done(How.DUPLICATE)

    def test_begins_anew_for_orders_that_were_not_named_before(self) -> None:
        daemon = with_orders(2)
        redact = RedactRequest(USER, "7")
        daemon.deliver(redact)
        daemon.clock.advance(WAIT)
        assert daemon.deliver(redact) == Done()
        assert daemon.deliver(replace(redact, order_ids=("2",))) == Later(WAIT, Why.ERASING)
