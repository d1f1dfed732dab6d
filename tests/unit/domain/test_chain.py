"""What a message means, rule by rule of the page-chain protocol."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.chain import (
    Carry,
    Coalesce,
    Drop,
    PublishNext,
    Resume,
    Revive,
    Start,
    Wait,
    answer,
    judge,
)
from domain.checkpoints import REMEMBERED_REQUESTS, RunStatus
from domain.outcomes import How
from tests.builders import (
    GRACE,
    NOW,
    a_chain,
    a_continuation,
    a_lease,
    a_request,
    a_run,
)

LONG_AGO = NOW - GRACE - timedelta(seconds=1)
OTHER = a_request("request-2")


class TestARequest:
    def test_starts_a_run_where_there_is_none(self) -> None:
        assert answer(OTHER, None, NOW, GRACE) == Start()

    def test_starts_a_run_after_a_completed_one(self) -> None:
        assert answer(OTHER, a_run(status=RunStatus.COMPLETED), NOW, GRACE) == Start()

    def test_is_coalesced_into_a_run_that_goes_on(self) -> None:
        run = a_run()
        assert answer(OTHER, run, NOW, GRACE) == Coalesce(run)

    def test_is_coalesced_into_an_overdue_run_that_somebody_is_at_work_on(self) -> None:
        run = a_run(due_at=LONG_AGO, lease=a_lease())
        assert answer(OTHER, run, NOW, GRACE) == Coalesce(run)

    def test_resumes_a_stalled_run(self) -> None:
        run = a_run(due_at=LONG_AGO, lease=a_lease(until=NOW))
        assert answer(OTHER, run, NOW, GRACE) == Resume(run)

    def test_resumes_a_failed_run(self) -> None:
        run = a_run(status=RunStatus.FAILED)
        assert answer(OTHER, run, NOW, GRACE) == Resume(run)

    def test_to_restart_starts_over_whatever_goes_on(self) -> None:
        restart = a_request("request-2", restart=True)
        assert answer(restart, a_run(lease=a_lease()), NOW, GRACE) == Start()
        assert answer(restart, a_run(status=RunStatus.FAILED), NOW, GRACE) == Start()

    def test_that_an_earlier_run_answered_starts_nothing(self) -> None:
        run = a_run(status=RunStatus.COMPLETED, chain=a_chain(earlier_requests=("request-0",)))
        assert answer(a_request("request-0"), run, NOW, GRACE) == Drop(How.DUPLICATE)
        restart = a_request("request-0", restart=True)
        assert answer(restart, run, NOW, GRACE) == Drop(How.DUPLICATE)


class TestARedeliveredRequest:
    """Its id is the checkpoint's: it carries the chain that is stored."""

    @pytest.mark.parametrize("restart", [False, True])
    def test_carries_the_running_chain_at_its_page(self, restart: bool) -> None:  # noqa: FBT001
        run = a_run(page=7, chain=a_chain(chain_id="chain-9", request_page=4))
        request = a_request("request-1", restart=restart)
        assert answer(request, run, NOW, GRACE) == Carry(a_continuation(4, "chain-9"))

    @pytest.mark.parametrize("restart", [False, True])
    def test_is_dropped_once_the_run_is_complete(self, restart: bool) -> None:  # noqa: FBT001
        run = a_run(status=RunStatus.COMPLETED)
        request = a_request("request-1", restart=restart)
        assert answer(request, run, NOW, GRACE) == Drop(How.DUPLICATE)

    @pytest.mark.parametrize("restart", [False, True])
    def test_goes_on_with_the_run_it_failed_with(self, restart: bool) -> None:  # noqa: FBT001
        run = a_run(status=RunStatus.FAILED, page=3)
        assert answer(a_request("request-1", restart=restart), run, NOW, GRACE) == Resume(run)


class TestAContinuation:
    def test_of_a_cleared_run_is_stale(self) -> None:
        assert judge(a_continuation(), None, NOW) == Drop(How.STALE)

    def test_of_another_chain_is_stale(self) -> None:
        assert judge(a_continuation(chain_id="chain-0"), a_run(), NOW) == Drop(How.STALE)

    def test_of_a_completed_run_is_stale(self) -> None:
        run = a_run(status=RunStatus.COMPLETED, page=2)
        assert judge(a_continuation(1), run, NOW) == Drop(How.STALE)

    def test_of_a_page_still_to_come_is_stale(self) -> None:
        assert judge(a_continuation(5), a_run(page=4), NOW) == Drop(How.STALE)

    def test_of_a_page_that_is_done_and_published_is_a_duplicate(self) -> None:
        run = a_run(page=4, chain=a_chain(published_page=4))
        assert judge(a_continuation(3), run, NOW) == Drop(How.DUPLICATE)

    def test_of_a_page_that_is_done_publishes_what_a_crash_left_unpublished(self) -> None:
        run = a_run(page=4, chain=a_chain(published_page=3))
        assert judge(a_continuation(3), run, NOW) == PublishNext(run)

    def test_waits_for_whoever_is_at_work_on_its_page(self) -> None:
        until = NOW + timedelta(seconds=50)
        assert judge(a_continuation(), a_run(lease=a_lease(until)), NOW) == Wait(until)

    def test_that_a_run_failed_with_revives_it(self) -> None:
        run = a_run(status=RunStatus.FAILED, page=4)
        assert judge(a_continuation(4), run, NOW) == Revive(run)

    @pytest.mark.parametrize("page", [3, 5])
    def test_of_another_page_of_a_failed_run_is_stale(self, page: int) -> None:
        run = a_run(status=RunStatus.FAILED, page=4)
        assert judge(a_continuation(page), run, NOW) == Drop(How.STALE)


class TestAChain:
    def test_remembers_the_requests_before_it(self) -> None:
        chain = a_chain(request_id="a").carried_by("b", "chain-2", 3)
        assert (chain.request_id, chain.earlier_requests) == ("b", ("a",))
        assert (chain.request_page, chain.published_page) == (3, 3)

    def test_remembers_no_more_than_a_few(self) -> None:
        chain = a_chain(request_id="0")
        for number in range(1, 30):
            chain = chain.carried_by(str(number), f"chain-{number}", 1)
        assert len(chain.earlier_requests) == REMEMBERED_REQUESTS
        assert chain.earlier_requests[-1] == "28"

    def test_carried_by_the_same_request_again_does_not_bar_it(self) -> None:
        chain = a_chain(request_id="a").carried_by("a", "chain-2", 3)
        assert chain.earlier_requests == ()
