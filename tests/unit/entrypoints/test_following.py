"""Which run answers a request."""

from __future__ import annotations

from dataclasses import replace

from domain.checkpoints import Checkpoint, RunStatus
from entrypoints.following import SETTLING, Follower, Sight, Stage
from tests.builders import NOW, a_chain, a_request, a_run
from tests.fakes.clock import FakeClock

REQUEST = a_request("mine")
OURS = a_run(chain=a_chain(request_id="mine"), run_id="ours")
THEIRS = a_run(chain=a_chain(request_id="another's"), run_id="theirs")
WAITING = Sight(Stage.WAITING)


def completed(run: Checkpoint) -> Checkpoint:
    return replace(run, status=RunStatus.COMPLETED, completed_at=NOW)


def failed(run: Checkpoint) -> Checkpoint:
    return replace(run, status=RunStatus.FAILED, completed_at=NOW)


def following(before: Checkpoint | None = None, **request: object) -> Follower:
    return Follower(replace(REQUEST, **request), before, FakeClock())  # type: ignore[arg-type]


class TestARequest:
    def test_waits_until_a_worker_takes_it_up(self) -> None:
        follower = following()
        assert follower.look(None) == WAITING
        assert follower.look(OURS) == Sight(Stage.RUNNING, OURS)

    def test_waits_beside_an_earlier_run_that_has_ended(self) -> None:
        earlier = completed(THEIRS)
        follower = following(earlier)
        assert follower.look(earlier) == WAITING
        assert follower.look(OURS) == Sight(Stage.RUNNING, OURS)

    def test_ends_with_its_run(self) -> None:
        follower = following()
        follower.look(OURS)
        done, broken = follower.look(completed(OURS)), follower.look(failed(OURS))
        assert done.succeeded
        assert (broken.stage, broken.succeeded) == (Stage.ENDED, False)

    def test_that_resumed_a_failed_run_is_its_latest_but_not_its_only_one(self) -> None:
        resumed = replace(OURS, chain=a_chain(request_id="later", earlier_requests=("mine",)))
        assert following().look(resumed) == Sight(Stage.RUNNING, resumed)

    def test_that_comes_again_waits_for_its_failed_run_to_be_resumed(self) -> None:
        follower = following(failed(OURS))
        assert follower.look(failed(OURS)) == WAITING
        assert follower.look(OURS) == Sight(Stage.RUNNING, OURS)

    def test_that_comes_again_after_its_run_was_completed_has_ended(self) -> None:
        assert following(completed(OURS)).look(completed(OURS)).succeeded

    def test_ends_when_its_run_is_cleared(self) -> None:
        follower = following()
        follower.look(OURS)
        assert follower.look(None) == Sight(Stage.ENDED)

    def test_for_a_restart_does_not_follow_the_run_it_replaces(self) -> None:
        follower = following(THEIRS, restart=True)
        assert follower.look(THEIRS) == WAITING
        assert follower.look(completed(THEIRS)) == WAITING
        assert follower.look(OURS) == Sight(Stage.RUNNING, OURS)


class TestARequestDuringAnotherRun:
    def test_is_answered_by_it(self) -> None:
        follower = following(THEIRS)
        assert follower.look(THEIRS) == Sight(Stage.RUNNING, THEIRS, joined=True)

    def test_ends_with_it_unless_it_begins_a_run_of_its_own(self) -> None:
        clock = FakeClock()
        follower = Follower(REQUEST, THEIRS, clock)
        ended = completed(THEIRS)
        assert follower.look(ended).stage is Stage.RUNNING
        clock.advance(SETTLING)
        assert follower.look(ended) == Sight(Stage.ENDED, ended, joined=True)

    def test_that_came_too_late_for_it_is_followed_in_its_own(self) -> None:
        follower = following(THEIRS)
        follower.look(completed(THEIRS))
        assert follower.look(OURS) == Sight(Stage.RUNNING, OURS)

    def test_resumes_it_if_nobody_was_at_work_on_it(self) -> None:
        follower = following(THEIRS)
        ours_now = replace(THEIRS, chain=a_chain(request_id="mine"))
        assert follower.look(ours_now) == Sight(Stage.RUNNING, ours_now)
