"""A shop that is away: its run fails once, and looking whether it is back buries nothing."""

from __future__ import annotations

from domain.checkpoints import RunStatus
from domain.failures import Reason
from domain.messages import PROBE
from domain.outcomes import DeadLetter, Done
from tests.builders import a_request, orders
from tests.daemon import Daemon

PROBING = a_request(f"{PROBE}1")


def away() -> Daemon:
    """The run of a shop that is away has failed."""
    daemon = Daemon.of(orders(3), page_size=2)
    daemon.source.refuse(Reason.SHOP_UNAVAILABLE)
    assert isinstance(daemon.deliver(a_request()), DeadLetter)
    return daemon


class TestAProbe:
    def test_of_a_shop_that_is_still_away_leaves_no_letter(self) -> None:
        daemon = away()
        assert daemon.deliver(PROBING) == Done()
        assert daemon.run().status is RunStatus.FAILED

    def test_of_a_shop_that_is_back_goes_on(self) -> None:
        daemon = away()
        daemon.source.recover()
        daemon.deliver(PROBING)
        daemon.run_dry()
        assert (daemon.run().status, daemon.run().totals.saved) == (RunStatus.COMPLETED, 3)

    def test_of_a_shop_that_goes_away_later_leaves_a_letter(self) -> None:
        daemon = away()
        daemon.source.recover()
        daemon.deliver(PROBING)
        daemon.source.refuse(Reason.SHOP_UNAVAILABLE)
        daemon.run_dry()
        assert daemon.queue.dead.reasons() == ["shop-unavailable"]

    def test_that_fails_for_another_reason_leaves_a_letter(self) -> None:
        daemon = away()
        daemon.source.recover()
        daemon.source.refuse(Reason.SHOPIFY_ERROR)
        assert isinstance(daemon.deliver(PROBING), DeadLetter)

    def test_of_a_token_that_is_still_refused_leaves_no_letter(self) -> None:
        daemon = Daemon.of(orders(3))
        daemon.source.refuse(Reason.SHOP_UNAUTHORIZED)
        daemon.deliver(a_request())
        assert daemon.deliver(PROBING) == Done()


class TestAPersonsRequest:
    def test_for_a_shop_that_is_still_away_leaves_a_letter(self) -> None:
        assert isinstance(away().deliver(a_request("by hand")), DeadLetter)
