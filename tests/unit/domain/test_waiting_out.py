"""A page whose work is hindered by an outage: it waits, and nothing counts against it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.checkpoints import RunStatus
from domain.failed_batches import FailedBatch
from domain.failures import Outage, Reason, TimedOut, Transient, Unavailable
from domain.messages import RetryBatch
from domain.orders import Order, StoreReport
from domain.outcomes import DeadLetter, Done, Later, Why
from domain.ports import Lease
from domain.shops import ConnectedShop
from tests.builders import KEY, NOW, SHOP, USER, a_request, orders
from tests.daemon import Daemon
from tests.fakes.clock import FakeClock
from tests.fakes.orders import FakeOrders

MINUTE = timedelta(minutes=1)
DOWN = Outage(Reason.SHOPIFY_ERROR, "Shopify failed (HTTP 502)")
TOO_SLOW = TimedOut(Reason.SHOPIFY_ERROR, "Shopify did not answer within 30 s")


class TestAPageWhoseShopIsAway:
    def test_waits_without_an_attempt_and_says_why(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.meet(Unavailable(3 * MINUTE, DOWN))
        assert daemon.deliver(a_request()) == Later(3 * MINUTE, Why.AWAY)
        run = daemon.run()
        assert (run.status, run.attempts, run.lease) == (RunStatus.RUNNING, 0, None)
        assert run.due_at == daemon.clock.now() + 3 * MINUTE
        assert run.last_error is not None
        assert run.last_error.message == "Shopify failed (HTTP 502)"

    def test_goes_on_when_it_is_there_again(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.meet(Unavailable(3 * MINUTE, DOWN), times=1)
        daemon.deliver(a_request())
        daemon.clock.advance(3 * MINUTE)
        assert daemon.deliver(a_request()) == Done()
        assert (daemon.run().totals.saved, daemon.run().last_error) == (3, None)

    def test_asks_for_less_if_the_answer_took_too_long(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.meet(Unavailable(3 * MINUTE, TOO_SLOW))
        daemon.deliver(a_request())
        assert daemon.run().page_size == 125

    def test_waits_though_the_checkpoint_cannot_be_written(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.meet(Unavailable(3 * MINUTE, DOWN))
        daemon.while_fetching = daemon.checkpoints.fail_next
        assert daemon.deliver(a_request()) == Later(3 * MINUTE, Why.AWAY)


class TestAPageThatMeetsAnOutage:
    @pytest.mark.parametrize(
        "failure", [DOWN, TOO_SLOW, Transient(Reason.DATABASE_ERROR, "nothing could be written")]
    )
    def test_counts_four_attempts_and_then_none(self, failure: Transient) -> None:
        daemon = Daemon.of(orders(3), max_attempts=8)
        daemon.source.meet(failure)
        outcomes = [daemon.deliver(a_request()) for _ in range(50)]
        assert all(isinstance(outcome, Later) for outcome in outcomes)
        assert daemon.run().attempts == 4

    def test_is_buried_where_fewer_attempts_are_asked_for(self) -> None:
        daemon = Daemon.of(orders(3), max_attempts=5)
        daemon.source.fail()
        outcomes = [daemon.deliver(a_request()) for _ in range(5)]
        assert isinstance(outcomes[-1], DeadLetter)

    def test_is_buried_if_the_answers_are_its_own(self) -> None:
        daemon = Daemon.of(orders(3), max_attempts=8)
        daemon.source.meet(Transient(Reason.SHOPIFY_ERROR, "Shopify's answer cannot be read"))
        outcomes = [daemon.deliver(a_request()) for _ in range(8)]
        assert isinstance(outcomes[-1], DeadLetter)


def a_failed_batch() -> FailedBatch:
    return FailedBatch(
        key=KEY,
        run_id="run-1",
        page=1,
        batch=1,
        order_ids=(orders(1)[0].order_id,),
        reason="throttled",
        error="it was throttled",
        created_at=NOW,
        shop=SHOP,
    )


class TestAFailedBatchWhoseShopIsAway:
    def test_counts_four_attempts_and_then_none(self) -> None:
        daemon = Daemon.of(orders(3), max_attempts=8)
        batch = daemon.failed_batches.add(a_failed_batch())
        daemon.source.fail()
        outcomes = [daemon.deliver(RetryBatch(KEY, batch.batch_id)) for _ in range(50)]
        assert all(isinstance(outcome, Later) for outcome in outcomes)

    def test_waits_without_an_attempt(self) -> None:
        daemon = Daemon.of(orders(3))
        batch = daemon.failed_batches.add(a_failed_batch())
        daemon.source.meet(Unavailable(3 * MINUTE, DOWN))
        message = RetryBatch(KEY, batch.batch_id)
        assert daemon.deliver(message) == Later(3 * MINUTE, Why.AWAY)
        assert daemon.failed_batches.find(KEY, batch.batch_id) == batch


class SlowOrders(FakeOrders):
    """Somebody takes their time before anything is stored."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.takes = timedelta(0)
        self._slowly = clock

    def save(self, shop: ConnectedShop, orders: tuple[Order, ...], lease: Lease) -> StoreReport:
        self._slowly.advance(self.takes)
        return super().save(shop, orders, lease)


class TestAFailedBatchThatTakesTooLong:
    def test_does_not_start_over_for_ever_without_saying_so(self) -> None:
        daemon = Daemon.of(orders(3), max_attempts=8)
        daemon.orders = slow = SlowOrders(daemon.clock)
        slow.takes = daemon.policy.visibility
        batch = daemon.failed_batches.add(a_failed_batch())
        outcomes = [daemon.deliver(RetryBatch(KEY, batch.batch_id)) for _ in range(10)]
        waits = [each.after for each in outcomes if isinstance(each, Later)]
        assert len(waits) == 10
        assert min(waits[4:]) >= 2.5 * MINUTE
        (kept,) = daemon.failed_batches.of(KEY)
        assert (kept.attempts, kept.error) == (4, "the orders could not be stored in time")
        slow.takes = timedelta(0)
        assert daemon.deliver(RetryBatch(KEY, batch.batch_id)) == Done()
        assert set(slow.of(USER)) == set(batch.order_ids)


class TestAFailedBatchThatWasReadTooLongAgo:
    def test_is_not_stored(self) -> None:
        daemon = Daemon.of(orders(3))
        batch = daemon.failed_batches.add(a_failed_batch())
        daemon.while_fetching = lambda: daemon.clock.advance(daemon.policy.visibility)
        assert isinstance(daemon.deliver(RetryBatch(KEY, batch.batch_id)), Later)
        assert daemon.orders.of(USER) == {}


class TestAPageNoneOfWhoseOrdersCanBeStored:
    def daemon(self, count: int) -> Daemon:
        daemon = Daemon.of(orders(count))
        daemon.orders.reject(*(order.order_id for order in orders(count)))
        return daemon

    def test_goes_on_without_them_as_a_rule(self) -> None:
        daemon = self.daemon(3)
        assert daemon.deliver(a_request()) == Done()
        assert daemon.queue.dead.reasons() == ["failed-batch"]

    def test_waits_when_there_were_too_many(self) -> None:
        daemon = self.daemon(3)
        daemon.limit.draw(100)
        assert daemon.deliver(a_request()) == Later(5 * MINUTE, Why.AWAY)
        assert daemon.queue.dead.reasons() == []
        assert daemon.failed_batches.of(KEY) == ()
        run = daemon.run()
        assert (run.page, run.attempts) == (1, 0)
        assert run.last_error is not None
        assert run.last_error.message.startswith("no order of the page can be stored (")

    def test_is_taken_up_by_a_release_that_stores_them(self) -> None:
        daemon = self.daemon(3)
        daemon.limit.draw(100)
        daemon.deliver(a_request())
        daemon.orders.recover()
        daemon.clock.advance(5 * MINUTE)
        assert daemon.deliver(a_request()) == Done()
        assert (daemon.run().totals.saved, daemon.run().totals.failed) == (3, 0)

    def test_does_not_make_others_wait(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.orders.reject(orders(1)[0].order_id)
        daemon.limit.draw(100)
        assert daemon.deliver(a_request()) == Done()
        assert daemon.queue.dead.reasons() == ["failed-batch"]
