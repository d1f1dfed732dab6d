"""What a redrive would do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.checkpoints import RunStatus
from domain.failures import Reason, Transient
from domain.messages import Message, RetryBatch
from entrypoints import foreseeing
from entrypoints.foreseeing import Foresee, Foreseen
from entrypoints.messages import decode, encode
from tests.at_hand import a_failed_batch
from tests.builders import (
    GRACE,
    KEY,
    NOW,
    a_chain,
    a_continuation,
    a_lease,
    a_request,
    a_run,
)
from tests.fakes.checkpoints import FakeCheckpoints
from tests.fakes.clock import FakeClock
from tests.fakes.failed_batches import FakeFailedBatches


class Scene:
    """A checkpoint, failed batches, and a dead letter."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.runs = FakeCheckpoints(self.clock)
        self.batches = FakeFailedBatches()

    def run(self, **changes: Any) -> None:
        chain = a_chain(**changes.pop("chain", {}))
        self.runs.begin(a_run(key=KEY, chain=chain, **changes))

    def foresee(self, message: Message | str) -> Foreseen:
        body = message if isinstance(message, str) else encode(message)
        return Foresee(decode, self.runs, self.batches, self.clock, GRACE)(body, "a message")


@pytest.fixture
def scene() -> Scene:
    return Scene()


class TestAPage:
    def test_of_another_chain_is_stale(self, scene: Scene) -> None:
        scene.run(page=2)
        foreseen = scene.foresee(a_continuation(2, "an-older-chain"))
        assert foreseen == Foreseen("stale: the run has moved on", dropped=True)

    def test_without_a_run_is_stale(self, scene: Scene) -> None:
        assert scene.foresee(a_continuation(2)) == foreseeing.GONE

    def test_of_a_completed_run_is_stale(self, scene: Scene) -> None:
        scene.run(page=2, status=RunStatus.COMPLETED)
        assert scene.foresee(a_continuation(2)) == foreseeing.MOVED_ON

    def test_that_is_done_is_stale(self, scene: Scene) -> None:
        scene.run(page=3, chain={"published_page": 3})
        assert scene.foresee(a_continuation(2)) == foreseeing.PAGE_DONE

    def test_whose_next_was_never_published_publishes_it(self, scene: Scene) -> None:
        scene.run(page=3, chain={"published_page": 2})
        assert scene.foresee(a_continuation(2)) == Foreseen("publishes page 3")

    @pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.FAILED])
    def test_that_the_run_is_at_goes_on(self, scene: Scene, status: RunStatus) -> None:
        scene.run(page=2, status=status)
        assert scene.foresee(a_continuation(2)) == Foreseen("goes on at page 2")

    def test_that_is_worked_on_waits(self, scene: Scene) -> None:
        scene.run(page=2, lease=a_lease())
        words = "goes on at page 2 when its lease ends"
        assert scene.foresee(a_continuation(2)) == Foreseen(words)


class TestARequest:
    def test_starts_a_run(self, scene: Scene) -> None:
        assert scene.foresee(a_request()) == Foreseen("starts a run")

    def test_is_dropped_beside_a_run_that_goes_on(self, scene: Scene) -> None:
        scene.run(chain={"request_id": "another"}, due_at=NOW)
        assert scene.foresee(a_request()) == foreseeing.RUNS_ALREADY

    def test_takes_up_a_stalled_run(self, scene: Scene) -> None:
        scene.run(page=4, chain={"request_id": "another"}, due_at=NOW)
        scene.clock.advance(GRACE + timedelta(seconds=1))
        assert scene.foresee(a_request()) == Foreseen("goes on at page 4")

    def test_that_was_answered_is_dropped(self, scene: Scene) -> None:
        scene.run(chain={"request_id": "request-1"}, status=RunStatus.COMPLETED)
        assert scene.foresee(a_request("request-1")) == foreseeing.ANSWERED

    def test_that_carries_its_chain_goes_on_with_it(self, scene: Scene) -> None:
        scene.run(chain={"request_id": "request-1"})
        assert scene.foresee(a_request("request-1")) == Foreseen("goes on at page 1")


class TestARetry:
    def test_tries_the_batch_again(self, scene: Scene) -> None:
        batch = scene.batches.add(a_failed_batch())
        foreseen = scene.foresee(RetryBatch(KEY, batch.batch_id))
        assert foreseen == Foreseen("tries the batch again")
        assert scene.foresee(RetryBatch(KEY)) == Foreseen("tries 1 failed batches again")

    def test_of_a_batch_that_is_gone_is_stale(self, scene: Scene) -> None:
        gone = a_failed_batch()
        assert scene.foresee(RetryBatch(KEY, gone.batch_id)) == foreseeing.BATCH_GONE
        assert scene.foresee(RetryBatch(KEY)) == foreseeing.BATCH_GONE


class TestForesee:
    @pytest.mark.parametrize("body", ["not json", "[" * 100_000, "null", '{"type": "other"}'])
    def test_knows_a_body_that_comes_back(self, scene: Scene, body: str) -> None:
        assert scene.foresee(body) == foreseeing.NO_MESSAGE

    def test_says_so_if_the_table_does_not_answer(self, scene: Scene) -> None:
        scene.runs.fail_next(Transient(Reason.DATABASE_ERROR, "no answer"))
        assert scene.foresee(a_continuation(2)) == Foreseen("unknown: no answer")
