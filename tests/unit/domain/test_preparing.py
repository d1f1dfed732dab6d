"""A page whose source has to prepare its answer first."""

from __future__ import annotations

from datetime import timedelta

from domain.advancing import PageResult, advanced
from domain.checkpoints import RunStatus, SourceName
from domain.failures import Permanent, Preparing, Reason, Spoilt, Transient
from domain.orders import StoreReport
from domain.outcomes import DeadLetter, Done, Later, Why
from domain.redelivery import FRESH_AFTER
from tests.builders import NOW, SHOP, a_page, a_policy, a_request, a_run, orders
from tests.daemon import Daemon

MINUTE = timedelta(minutes=1)
FAILED = Transient(Reason.SHOPIFY_ERROR, "the bulk operation ended FAILED")


class TestAPageThatIsBeingPrepared:
    def test_waits_with_the_place_stored_and_says_for_what(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.meet(Preparing("operation 7", MINUTE, "Shopify prepares the orders"))
        assert daemon.deliver(a_request()) == Later(MINUTE, Why.PREPARING)
        run = daemon.run()
        assert (run.status, run.page, run.attempts) == (RunStatus.RUNNING, 1, 0)
        assert (run.cursor, run.lease, run.last_error) == ("operation 7", None, None)
        assert run.waiting_for == "Shopify prepares the orders"
        assert run.due_at == daemon.clock.now() + MINUTE

    def test_is_asked_for_again_from_that_place(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.meet(Preparing(None, MINUTE, "it begins"), times=1)
        daemon.deliver(a_request())
        daemon.clock.advance(MINUTE)
        assert daemon.deliver(a_request()) == Done()
        assert (daemon.run().totals.saved, daemon.run().waiting_for) == (3, None)
        assert daemon.source.pages[0].run_began == daemon.run().started_at

    def test_may_take_as_many_deliveries_as_it_likes(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.meet(Preparing(None, MINUTE, "it takes its time"), times=10 * FRESH_AFTER)
        daemon.queue.publish(a_request(), timedelta(0))
        daemon.run_dry(most=11 * FRESH_AFTER)
        assert daemon.run().totals.saved == 3
        assert daemon.queue.dead.reasons() == []

    def test_waits_though_its_place_cannot_be_stored(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.meet(Preparing("operation 7", MINUTE, "it begins"))
        daemon.while_fetching = daemon.checkpoints.fail_next
        assert daemon.deliver(a_request()) == Later(MINUTE, Why.PREPARING)
        assert daemon.run().cursor is None

    def test_is_left_to_whoever_has_it_by_now(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.meet(Preparing("operation 7", MINUTE, "it begins"))
        daemon.while_fetching = lambda: daemon.checkpoints.clear(a_request().key)
        assert daemon.deliver(a_request()) == Later(daemon.policy.visibility, Why.BUSY)


class TestAPageWhosePreparationCameToNothing:
    def test_counts_as_an_attempt_and_begins_elsewhere(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.meet(Spoilt("nothing yet", FAILED))
        outcome = daemon.deliver(a_request())
        assert isinstance(outcome, Later)
        assert outcome.why is Why.RETRIED
        run = daemon.run()
        assert (run.cursor, run.attempts, run.waiting_for) == ("nothing yet", 1, None)
        assert run.last_error is not None
        assert run.last_error.message == "the bulk operation ended FAILED"

    def test_is_buried_in_the_end_and_begins_elsewhere_when_it_comes_back(self) -> None:
        daemon = Daemon.of(orders(3), max_attempts=2)
        daemon.source.meet(Spoilt("nothing yet", FAILED), times=2)
        daemon.deliver(a_request())
        assert isinstance(daemon.deliver(a_request()), DeadLetter)
        assert (daemon.run().status, daemon.run().cursor) == (RunStatus.FAILED, "nothing yet")

    def test_ends_the_run_where_only_a_person_can_help(self) -> None:
        daemon = Daemon.of(orders(3))
        denied = Permanent(Reason.SHOP_UNAUTHORIZED, "the app may not read the shop")
        daemon.source.meet(Spoilt("nothing yet", denied))
        assert daemon.deliver(a_request()) == DeadLetter(denied.reason, denied.message)
        assert daemon.run().cursor == "nothing yet"


class TestPagesThatDoNotAscend:
    def test_are_read_to_the_end_however_late_an_update_is(self) -> None:
        late = orders(3, start=NOW + timedelta(hours=1))
        run = a_run(source=SourceName.BULK)
        for number in range(1, 5):
            page = a_page(*late, next_cursor=f"{number}", ascending=False)
            result = PageResult(SHOP, page, StoreReport(saved=3))
            run = advanced(run, result, NOW + number * MINUTE, a_policy())
            assert (run.status, run.tail_until) == (RunStatus.RUNNING, None)
        last = PageResult(SHOP, a_page(*late, ascending=False), StoreReport(saved=3))
        assert advanced(run, last, NOW, a_policy()).status is RunStatus.COMPLETED
