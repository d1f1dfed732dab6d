"""A run from its request to its end, and everything that may come in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.checkpoints import Checkpoint, RunStatus
from domain.failures import Reason, Transient
from domain.messages import Continuation, RunKey, SyncRequest, SyncType
from domain.occurrences import PageMadeSmaller, PageStored, Reported, RunChanged, RunEvent
from domain.orders import OrderFailure
from domain.outcomes import DeadLetter, Done, GiveBack, How, Later, Why
from tests.builders import KEY, NOW, SHOP, USER, a_lease, a_request, a_run, a_shop, an_order, orders
from tests.daemon import Daemon
from tests.fakes.checkpoints import FakeCheckpoints

MINUTES = timedelta(minutes=1)


def events(daemon: Daemon) -> list[RunEvent]:
    return [change.event for change in daemon.observer.of(RunChanged)]


def raise_bug(text: str) -> None:
    raise KeyError(text)


class TestARun:
    def test_ends_with_every_order_stored_and_counted_once(self) -> None:
        daemon = Daemon.of(orders(601))
        daemon.queue.publish(a_request(), timedelta(0))
        daemon.run_dry()
        run = daemon.run()
        assert run.status is RunStatus.COMPLETED
        assert (run.totals.saved, run.totals.failed, run.totals.expected) == (601, 0, 601)
        assert len(daemon.orders.of(USER)) == 601
        assert [page.page for page in daemon.observer.of(PageStored)] == [1, 2, 3]
        assert events(daemon) == [RunEvent.STARTED, RunEvent.COMPLETED]

    def test_waits_between_its_pages(self) -> None:
        daemon = Daemon.of(orders(300))
        assert daemon.deliver(a_request()) == Done()
        (copy,) = daemon.queue.copies.values()
        run = daemon.run()
        assert copy.message == Continuation(KEY, run.chain.chain_id, 2)
        assert copy.visible_at == run.due_at == NOW + 2 * MINUTES
        assert run.chain.published_page == 2

    def test_says_once_that_our_clock_is_ahead_of_shopifys(self) -> None:
        daemon = Daemon.of(orders(601))
        daemon.source.says = NOW - timedelta(hours=1)
        daemon.queue.publish(a_request(), timedelta(0))
        daemon.run_dry()
        (report,) = daemon.observer.of(Reported)
        assert report.subject == "clock"
        assert "3600 s or more" in report.text

    def test_does_not_advance_by_a_worker_that_was_paused_after_storing(self) -> None:
        daemon = Daemon.of(orders(25))
        reading_and_writing = 3
        daemon.leases.requests_left = reading_and_writing
        assert daemon.deliver(a_request()) == Later(2 * MINUTES, Why.BUSY)
        assert len(daemon.orders.of(USER)) == 25
        assert (daemon.run().status, daemon.run().page) == (RunStatus.RUNNING, 1)
        assert daemon.run().totals.saved == 0

    def test_of_an_empty_shop_is_complete_at_once(self) -> None:
        daemon = Daemon.of()
        assert daemon.deliver(a_request()) == Done()
        assert daemon.run().status is RunStatus.COMPLETED
        assert daemon.run().totals.expected == 0

    def test_of_an_unknown_user_fails_where_a_person_can_see_it(self) -> None:
        daemon = Daemon.of()
        key = RunKey("stranger", SyncType.MANUAL)
        outcome = daemon.deliver(SyncRequest(key, "r"))
        assert isinstance(outcome, DeadLetter)
        assert outcome.reason is Reason.UNKNOWN_SHOP
        run = daemon.run(key)
        assert run.status is RunStatus.FAILED
        assert run.last_error is not None
        assert "connect" in run.last_error.message

    def test_goes_on_after_its_shop_was_connected_and_the_message_redriven(self) -> None:
        daemon = Daemon.of(orders(10))
        key = RunKey("late", SyncType.MANUAL)
        daemon.queue.publish(SyncRequest(key, "r"), timedelta(0))
        daemon.run_dry()
        assert daemon.queue.dead.reasons() == ["unknown-shop"]
        daemon.shops.connect(a_shop("late"))
        daemon.queue.redrive()
        daemon.run_dry()
        assert daemon.run(key).status is RunStatus.COMPLETED

    def test_does_not_go_on_in_another_shop(self) -> None:
        daemon = Daemon.of(orders(300))
        daemon.deliver(a_request())
        daemon.shops.connect(a_shop(shop="another-shop.myshopify.com"))
        daemon.run_dry()
        assert daemon.queue.dead.reasons() == ["unknown-shop"]

    def test_follows_an_order_that_changes_while_it_goes_on(self) -> None:
        daemon = Daemon.of(orders(500))
        daemon.deliver(a_request())
        daemon.source.put(an_order(500, NOW + 1 * MINUTES, tags=["changed"]))
        daemon.run_dry()
        assert daemon.orders.of(USER)["500"].fields["tags"] == ["changed"]


class TestTwoRequests:
    def test_while_a_run_goes_on_are_one_run(self) -> None:
        daemon = Daemon.of(orders(600))
        daemon.deliver(a_request("a"))
        run_id = daemon.run().run_id
        assert daemon.deliver(a_request("b")) == Done(How.DUPLICATE)
        daemon.run_dry()
        assert daemon.run().run_id == run_id
        assert events(daemon).count(RunEvent.STARTED) == 1
        assert RunEvent.COALESCED in events(daemon)

    def test_with_the_same_id_are_one_run_even_after_another(self) -> None:
        daemon = Daemon.of(orders(3))
        for request_id in ("a", "a", "b", "a", "b"):
            daemon.deliver(a_request(request_id))
        assert events(daemon).count(RunEvent.STARTED) == 2

    def test_of_different_types_are_two_runs(self) -> None:
        daemon = Daemon.of(orders(3))
        for sync_type in SyncType:
            daemon.deliver(SyncRequest(RunKey(USER, sync_type), "r"))
        assert events(daemon).count(RunEvent.STARTED) == 3

    def test_of_which_one_restarts_leave_the_old_chain_stale(self) -> None:
        daemon = Daemon.of(orders(600))
        daemon.deliver(a_request("a"))
        (old,) = daemon.queue.copies.values()
        daemon.deliver(a_request("b", restart=True))
        assert daemon.run().page == 2
        assert daemon.deliver(old.message) == Done(How.STALE)
        daemon.run_dry()
        assert daemon.run().totals.saved == 600


class TestADeliveryOfAPage:
    def test_that_somebody_is_at_work_on_waits_until_the_lease_ends(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.checkpoints.given(a_run(lease=a_lease(NOW + 1 * MINUTES)))
        outcome = daemon.deliver(Continuation(KEY, "chain-1", 1))
        assert outcome == Later(1 * MINUTES, Why.BUSY)
        assert daemon.source.pages == []

    def test_after_a_crash_between_advancing_and_publishing_publishes(self) -> None:
        daemon = Daemon.of(orders(600))
        daemon.queue.fail_next()
        outcome = daemon.deliver(a_request())
        assert isinstance(outcome, Later)
        assert daemon.queue.copies == {}
        assert daemon.deliver(a_request()) == Done()
        assert len(daemon.queue.copies) == 1
        assert daemon.run().totals.saved == 250
        assert daemon.deliver(a_request()) == Done(How.DUPLICATE)
        assert len(daemon.queue.copies) == 1

    def test_whose_publishing_got_no_answer_makes_one_copy_more_and_no_further(self) -> None:
        daemon = Daemon.of(orders(900))
        daemon.queue.lose_next_answer()
        daemon.deliver(a_request())
        daemon.deliver(a_request())
        assert len(daemon.queue.copies) == 2
        daemon.run_dry()
        assert daemon.run().totals.saved == 900
        assert len(daemon.source.pages) == 4

    def test_of_a_cleared_run_does_nothing(self) -> None:
        daemon = Daemon.of(orders(600))
        daemon.deliver(a_request())
        daemon.checkpoints.clear(KEY)
        assert daemon.deliver_next() == Done(How.STALE)
        assert daemon.queue.copies == {}
        assert events(daemon)[-1] is RunEvent.CLEARED

    def test_whose_run_is_cleared_meanwhile_publishes_and_counts_nothing(self) -> None:
        daemon = Daemon.of(orders(600))
        daemon.while_fetching = lambda: daemon.checkpoints.clear(KEY)
        assert daemon.deliver(a_request()) == Later(daemon.policy.visibility, Why.BUSY)
        assert daemon.checkpoints.find(KEY) is None
        assert daemon.queue.copies == {}

    def test_by_a_worker_that_was_paused_stores_nothing(self) -> None:
        daemon = Daemon.of(orders(600))
        daemon.while_fetching = lambda: daemon.clock.advance(5 * MINUTES)
        outcome = daemon.deliver(a_request())
        assert outcome == Later(daemon.policy.visibility, Why.BUSY)
        assert daemon.orders.of(USER) == {}
        assert daemon.run().page == 1

    def test_while_the_checkpoints_cannot_be_reached_only_waits(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.checkpoints.fail_next()
        outcome = daemon.deliver(a_request(), receive_count=3)
        assert isinstance(outcome, Later)
        assert outcome.why is Why.RETRIED
        assert daemon.deliver(a_request()) == Done()


class TestAPageThatFails:
    def test_comes_back_later_and_later_and_then_is_dead_lettered(self) -> None:
        daemon = Daemon.of(orders(3), max_attempts=3)
        daemon.source.fail("Shopify failed (HTTP 502)")
        waits = []
        for _ in range(2):
            outcome = daemon.deliver(a_request())
            assert isinstance(outcome, Later)
            waits.append(outcome.after)
            daemon.clock.advance(outcome.after)
        assert daemon.run().attempts == 2
        assert waits[0] < waits[1]
        outcome = daemon.deliver(a_request())
        assert outcome == DeadLetter(Reason.SHOPIFY_ERROR, "Shopify failed (HTTP 502)")
        assert daemon.run().status is RunStatus.FAILED
        assert events(daemon)[-1] is RunEvent.FAILED

    def test_for_good_is_dead_lettered_at_once(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.refuse(Reason.SHOP_UNAUTHORIZED, "the token was refused")
        assert isinstance(daemon.deliver(a_request()), DeadLetter)
        error = daemon.run().last_error
        assert error is not None
        assert error.message == "the token was refused"

    def test_goes_on_from_its_checkpoint_when_it_is_redriven(self) -> None:
        daemon = Daemon.of(orders(900))
        daemon.queue.publish(a_request(), timedelta(0))
        daemon.deliver_next()
        daemon.source.refuse(times=1)
        daemon.deliver_next()
        assert daemon.run().status is RunStatus.FAILED
        assert daemon.queue.copies == {}
        daemon.queue.redrive()
        daemon.run_dry()
        assert daemon.run().totals.saved == 900
        assert [request.cursor is None for request in daemon.source.pages].count(True) == 1
        assert RunEvent.RESUMED in events(daemon)

    def test_and_is_redriven_after_the_run_has_moved_on_is_stale(self) -> None:
        daemon = Daemon.of(orders(600))
        daemon.queue.publish(a_request(), timedelta(0))
        daemon.deliver_next()
        daemon.source.refuse(times=1)
        daemon.deliver_next()
        daemon.deliver(a_request("again"))
        daemon.queue.redrive()
        daemon.run_dry()
        assert daemon.run().totals.saved == 600
        assert len(daemon.source.pages) == 3

    def test_because_of_a_bug_counts_as_an_attempt_and_tells_no_contents(self) -> None:
        daemon = Daemon.of(orders(3), max_attempts=2)
        daemon.while_fetching = lambda: raise_bug("jane@example.com")
        daemon.deliver(a_request())
        outcome = daemon.deliver(a_request())
        assert isinstance(outcome, DeadLetter)
        assert outcome.reason is Reason.BUG
        assert "KeyError" in outcome.error
        assert "jane" not in outcome.error

    def test_because_the_orders_table_refuses_is_not_buried_at_once(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.orders.throttle(times=1)
        assert isinstance(daemon.deliver(a_request()), Later)
        assert daemon.deliver(a_request()) == Done()


class TestARateLimit:
    def test_that_lasts_sends_the_page_back_to_the_queue_without_a_failed_attempt(self) -> None:
        daemon = Daemon.of(orders(3), max_attempts=1)
        daemon.source.rate_limit(5 * MINUTES, times=1)
        assert daemon.deliver(a_request()) == Later(5 * MINUTES)
        run = daemon.run()
        assert (run.attempts, run.lease, run.due_at) == (0, None, NOW + 5 * MINUTES)
        assert daemon.deliver(a_request()) == Done()


class TestAPageThatIsTooLarge:
    def test_is_made_smaller_and_stays_so(self) -> None:
        daemon = Daemon.of(orders(300))
        daemon.source.refuse_pages_above(100)
        daemon.queue.publish(a_request(), timedelta(0))
        daemon.run_dry()
        assert [request.size for request in daemon.source.pages] == [62] * 5
        assert [made.size for made in daemon.observer.of(PageMadeSmaller)] == [125, 62]
        assert daemon.run().totals.saved == 300
        assert daemon.run().page_size == 62

    def test_by_a_known_cost_is_made_as_small_as_that_asks(self) -> None:
        daemon = Daemon.of(orders(60))
        daemon.source.refuse_pages_above(50, cost=5000.0)
        daemon.deliver(a_request())
        assert daemon.run().page_size == 50

    def test_grows_again_once_eight_pages_went_well(self) -> None:
        daemon = Daemon.of(orders(2_000))
        daemon.source.time_out(times=1)
        daemon.queue.publish(a_request(), timedelta(0))
        daemon.run_dry()
        sizes = [request.size for request in daemon.source.pages]
        assert sizes == [125] * 8 + [187] * 6
        assert daemon.run().totals.saved == 2_000

    @pytest.mark.parametrize(("failures", "size"), [(1, None), (2, 125), (3, 62)])
    def test_is_made_smaller_if_shopify_fails_on_it_again(
        self, failures: int, size: int | None
    ) -> None:
        daemon = Daemon.of(orders(3), max_attempts=9)
        daemon.source.fail("Shopify failed (HTTP 500)")
        for _ in range(failures):
            daemon.deliver(a_request())
        assert daemon.run().page_size == size

    def test_stays_if_it_is_the_table_that_fails(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.meet(Transient(Reason.DATABASE_ERROR, "nothing could be written"))
        for _ in range(3):
            daemon.deliver(a_request())
        assert daemon.run().page_size is None

    def test_even_with_one_order_fails_for_good(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.refuse_pages_above(0)
        assert isinstance(daemon.deliver(a_request()), DeadLetter)

    def test_because_it_timed_out_is_smaller_at_the_next_attempt(self) -> None:
        daemon = Daemon.of(orders(300), max_attempts=9)
        daemon.source.time_out(above=100)
        for _ in range(2):
            assert isinstance(daemon.deliver(a_request()), Later)
        assert daemon.deliver(a_request()) == Done()
        assert daemon.run().totals.saved == 62


class TestAShutdown:
    def test_gives_the_page_back_at_once_and_counts_nothing(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.while_fetching = daemon.stop
        assert daemon.deliver(a_request()) == GiveBack()
        assert (daemon.run().attempts, daemon.run().lease) == (0, None)
        daemon.while_fetching = None
        assert daemon.deliver(a_request()) == Done()


class TestOrdersThatCannotBeStored:
    def test_are_named_in_failed_batches_and_the_run_goes_on(self) -> None:
        daemon = Daemon.of(orders(60))
        daemon.orders.reject("1", "2", "30")
        daemon.deliver(a_request())
        run = daemon.run()
        assert run.status is RunStatus.COMPLETED
        totals = run.totals
        assert (totals.saved, totals.failed, totals.failed_pages) == (57, 3, 1)
        assert [batch.order_ids for batch in daemon.failed_batches.all] == [("1", "2"), ("30",)]
        assert daemon.queue.dead.reasons() == ["failed-batch", "failed-batch"]

    def test_are_stored_when_their_batch_is_redriven(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.orders.reject("2")
        daemon.deliver(a_request())
        daemon.orders.accept("2")
        daemon.queue.redrive()
        daemon.run_dry()
        assert set(daemon.orders.of(USER)) == {"1", "2", "3"}
        assert daemon.failed_batches.all == ()

    def test_stay_named_as_long_as_they_cannot(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.orders.reject("1", "2")
        daemon.deliver(a_request())
        daemon.orders.accept("1")
        daemon.queue.redrive()
        daemon.run_dry()
        (batch,) = daemon.failed_batches.all
        assert (batch.order_ids, batch.attempts, batch.shop) == (("2",), 2, SHOP)
        assert daemon.queue.dead.reasons() == ["failed-batch"]

    def test_are_tried_the_full_number_of_times_in_each_redrive(self) -> None:
        daemon = Daemon.of(orders(30), max_attempts=3)
        daemon.orders.reject("1", failure=OrderFailure.THROTTLED)
        daemon.deliver(a_request())
        for _ in range(2):
            daemon.queue.redrive()
            daemon.run_dry()
        (batch,) = daemon.failed_batches.all
        assert batch.attempts == 6

    def test_that_are_gone_from_the_shop_are_forgotten(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.orders.reject("2")
        daemon.deliver(a_request())
        daemon.source.remove("2")
        daemon.queue.redrive()
        daemon.run_dry()
        assert daemon.failed_batches.all == ()

    def test_are_recorded_before_the_page_counts(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.orders.reject("2")
        daemon.failed_batches.fail_next()
        assert isinstance(daemon.deliver(a_request()), Later)
        assert (daemon.run().page, daemon.run().totals.failed) == (1, 0)
        assert daemon.deliver(a_request()) == Done()
        assert daemon.run().totals.failed == 1


class WakingWorker(FakeCheckpoints):
    """Extends a lease that has ended, just after somebody has seen that it has."""

    held: Checkpoint | None = None

    def find(self, key: RunKey) -> Checkpoint | None:
        found = super().find(key)
        if self.held is not None:
            assert self.extend(self.held, self._clock.now() + MINUTES)
        return found


class TestTheWatchdog:
    def test_takes_up_a_run_whose_message_was_lost(self) -> None:
        daemon = Daemon.of(orders(600))
        daemon.deliver(a_request())
        daemon.queue.copies.clear()
        daemon.clock.advance(8 * MINUTES)
        assert daemon.watchdog(10) == 1
        daemon.run_dry()
        assert daemon.run().totals.saved == 600

    def test_leaves_a_run_alone_that_somebody_is_at_work_on(self) -> None:
        daemon = Daemon.of(orders(3))
        long_ago = NOW - 60 * MINUTES
        daemon.checkpoints.given(a_run(due_at=long_ago, lease=a_lease()))
        assert daemon.watchdog(10) == 0

    def test_leaves_a_run_alone_whose_worker_wakes_meanwhile(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.checkpoints = waking = WakingWorker(daemon.clock)
        waking.held = waking.given(a_run(due_at=NOW - 60 * MINUTES, lease=a_lease(NOW)))
        assert daemon.watchdog(10) == 0
        assert daemon.run().chain == waking.held.chain

    def test_that_was_wrong_makes_the_old_message_stale(self) -> None:
        daemon = Daemon.of(orders(900))
        daemon.deliver(a_request())
        daemon.clock.advance(8 * MINUTES)
        daemon.watchdog(10)
        daemon.run_dry()
        assert daemon.run().totals.saved == 900
        assert len(daemon.source.pages) == 4

    def test_grows_more_patient_with_each_time(self) -> None:
        daemon = Daemon.of(orders(600))
        daemon.deliver(a_request())
        taken_up = 0
        for _ in range(24 * 60):
            daemon.clock.advance(1 * MINUTES)
            taken_up += daemon.watchdog(10)
        assert 2 <= taken_up <= 10


class TestADailySync:
    DAILY = RunKey(USER, SyncType.DAILY)

    def test_reads_everything_where_there_is_no_watermark(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.deliver(SyncRequest(self.DAILY, "r"))
        assert daemon.source.pages[0].since is None
        assert daemon.checkpoints.watermark(USER) == NOW - 15 * MINUTES

    def test_looks_back_an_overlap_behind_the_watermark(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.checkpoints.given_watermark(USER, NOW - 600 * MINUTES)
        daemon.deliver(SyncRequest(self.DAILY, "r"))
        assert daemon.source.pages[0].since == NOW - 615 * MINUTES
        assert daemon.checkpoints.watermark(USER) == NOW - 15 * MINUTES

    def test_that_leaves_a_gap_does_not_move_the_watermark(self) -> None:
        daemon = Daemon.of(orders(3))
        mark = NOW - 600 * MINUTES
        daemon.checkpoints.given_watermark(USER, mark)
        request = SyncRequest(self.DAILY, "r", updated_since=NOW - 60 * MINUTES)
        daemon.deliver(request)
        assert daemon.run(self.DAILY).status is RunStatus.COMPLETED
        assert daemon.checkpoints.watermark(USER) == mark

    def test_that_fails_leaves_the_watermark_where_it_was(self) -> None:
        daemon = Daemon.of(orders(3))
        mark = NOW - 600 * MINUTES
        daemon.checkpoints.given_watermark(USER, mark)
        daemon.source.refuse()
        daemon.deliver(SyncRequest(self.DAILY, "r"))
        assert daemon.checkpoints.watermark(USER) == mark


class TestAStalledRun:
    def test_is_resumed_by_a_new_request_under_a_new_chain(self) -> None:
        daemon = Daemon.of(orders(600))
        daemon.deliver(a_request("a"))
        old = daemon.run()
        daemon.clock.advance(60 * MINUTES)
        daemon.deliver(replace(a_request("b")))
        run = daemon.run()
        assert run.run_id == old.run_id
        assert run.chain.chain_id != old.chain.chain_id
        assert run.totals.saved == 500
