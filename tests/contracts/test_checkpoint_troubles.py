"""What every checkpoint store promises of calls that fail, come late, twice or many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from domain.checkpoints import Checkpoint, RunStatus, Watermark
from domain.failures import Transient
from domain.messages import RunKey, SyncType
from domain.ports import CheckpointStore, Refused
from tests.builders import KEY, NOW, USER, a_continuation, a_lease, a_run
from tests.contracts.checkpoint_stores import (
    HOUR,
    SECOND,
    TTL,
    InDynamoDB,
    InMemory,
    InTroubledDynamoDB,
    a_claim,
    begun,
    race,
    refused_by,
    stored_by,
)
from tests.contracts.troubled_stores import Trouble
from tests.fakes.clock import FakeClock

FREE_AT_PAGE_TWO = a_run(page=2)
HELD = a_run(page=2, lease=a_lease())
MARK = Watermark(NOW, None)


def advanced(held: Checkpoint) -> Checkpoint:
    return replace(held, page=held.page + 1, lease=None)


def completed(held: Checkpoint) -> Checkpoint:
    return replace(held, status=RunStatus.COMPLETED, completed_at=NOW, lease=None)


Write = Callable[[CheckpointStore, Checkpoint], object]
WRITES: Mapping[str, tuple[Checkpoint | None, Write]] = {
    "begin": (None, lambda store, _: store.begin(a_run())),
    "replace": (HELD, lambda store, seen: store.replace(seen, replace(seen, page=9))),
    "claim": (FREE_AT_PAGE_TWO, lambda store, _: store.claim(a_claim(page=2))),
    "extend": (HELD, lambda store, held: store.extend(held, NOW + HOUR)),
    "settle": (HELD, lambda store, held: store.settle(held, advanced(held))),
    "complete": (HELD, lambda store, held: store.settle(held, completed(held), MARK)),
    "mark_published": (HELD, lambda store, _: store.mark_published(a_continuation(page=2))),
    "clear": (HELD, lambda store, _: store.clear(KEY)),
}
"""What is stored before each write, and the write."""
READS: Mapping[str, Callable[[CheckpointStore], object]] = {
    "find": lambda store: store.find(KEY),
    "due_before": lambda store: store.due_before(NOW, 10),
    "count_due_before": lambda store: store.count_due_before(NOW),
    "watermark": lambda store: store.watermark(USER),
    "look": lambda store: store.look(KEY),
}


class TroublePromises:
    """Callers who are told of a failure write again.

    That a retry inside of the store is recognised as ours concerns DynamoDB alone, whose client
    retries (tests/unit/adapters/test_dynamodb_lost_answers.py); the fake's caller is told.
    """

    def given(self, store: CheckpointStore, run: Checkpoint | None) -> Checkpoint:
        return stored_by(store.begin(run)) if run else a_run()

    @pytest.mark.parametrize("what", sorted(WRITES))
    def test_changes_nothing_where_a_write_fails(
        self, store: CheckpointStore, trouble: Trouble, what: str
    ) -> None:
        run, write = WRITES[what]
        seen = self.given(store, run)
        before = store.find(KEY)
        trouble.fail_next()
        with pytest.raises(Transient):
            write(store, seen)
        assert store.find(KEY) == before
        assert store.watermark(USER) is None
        write(store, seen)
        assert store.find(KEY) != before

    @pytest.mark.parametrize("what", sorted(READS))
    def test_does_not_take_a_failure_for_nothing(
        self, store: CheckpointStore, trouble: Trouble, what: str
    ) -> None:
        begun(store)
        trouble.fail_next()
        with pytest.raises(Transient):
            READS[what](store)

    @pytest.mark.parametrize("what", sorted(WRITES))
    def test_writes_once_what_is_written_again_after_a_lost_answer(
        self, store: CheckpointStore, trouble: Trouble, what: str
    ) -> None:
        run, write = WRITES[what]
        seen = self.given(store, run)
        trouble.lose_next_answer()
        with pytest.raises(Transient):
            write(store, seen)
        written = store.find(KEY)
        assert written != run
        again = write(store, seen)
        assert store.find(KEY) == written
        assert again in (Refused(written), True, False, None)

    def test_moves_the_mark_with_a_completion_whose_answer_is_lost(
        self, store: CheckpointStore, trouble: Trouble
    ) -> None:
        held = begun(store, lease=a_lease())
        trouble.lose_next_answer()
        with pytest.raises(Transient):
            store.settle(held, completed(held), MARK)
        assert store.watermark(USER) == NOW

    def test_shows_who_claims_again_that_the_lease_is_theirs(
        self, store: CheckpointStore, trouble: Trouble
    ) -> None:
        begun(store)
        trouble.lose_next_answer()
        with pytest.raises(Transient):
            store.claim(a_claim())
        found = refused_by(store.claim(a_claim()))
        assert found is not None
        assert found.lease == a_claim().lease


class LatePromises:
    def test_gives_the_same_lease_only_once(self, store: CheckpointStore) -> None:
        begun(store)
        held = stored_by(store.claim(a_claim()))
        assert refused_by(store.claim(a_claim())) == held

    def test_settles_late_while_nobody_else_has_the_page(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease(NOW - HOUR))
        assert stored_by(store.settle(held, advanced(held))).page == 2

    def test_extends_late_while_nobody_else_has_the_page(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease(NOW - HOUR))
        assert store.extend(held, NOW + HOUR)
        assert refused_by(store.claim(a_claim())) is not None

    def test_settles_nothing_for_who_held_the_page_before(self, store: CheckpointStore) -> None:
        first = begun(store, lease=a_lease(NOW))
        second = stored_by(store.claim(a_claim()))
        done = stored_by(store.settle(second, advanced(second)))
        for late in (first, second):
            assert refused_by(store.settle(late, advanced(late))) == done
            assert refused_by(store.settle(late, completed(late), MARK)) == done
            assert not store.extend(late, NOW + HOUR)
        assert store.watermark(USER) is None

    def test_settles_nothing_of_a_lease_for_who_has_none(self, store: CheckpointStore) -> None:
        run = begun(store)
        held = stored_by(store.claim(a_claim()))
        assert refused_by(store.settle(run, advanced(run))) == held

    def test_settles_nothing_that_has_ended(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease())
        failed = stored_by(
            store.replace(held, replace(held, status=RunStatus.FAILED, completed_at=NOW))
        )
        assert refused_by(store.settle(held, advanced(held))) == failed
        assert not store.extend(held, NOW + HOUR)

    def test_settles_nothing_of_a_cleared_run_in_one_that_began_after(
        self, store: CheckpointStore
    ) -> None:
        held = begun(store, lease=a_lease())
        store.clear(KEY)
        again = begun(store, run_id="run-2", lease=a_lease(owner="me"))
        assert refused_by(store.settle(held, advanced(held))) == again

    def test_notes_a_published_page_once(self, store: CheckpointStore) -> None:
        begun(store, page=2)
        store.mark_published(a_continuation(page=2))
        noted = store.find(KEY)
        store.mark_published(a_continuation(page=2))
        assert store.find(KEY) == noted

    def test_notes_no_page_of_a_run_that_has_outlived_its_time(
        self, store: CheckpointStore, clock: FakeClock
    ) -> None:
        begun(store, page=2)
        clock.advance(TTL + SECOND)
        store.mark_published(a_continuation(page=2))
        assert store.find(KEY) is None

    def test_is_gone_from_the_very_end_of_its_time(
        self, store: CheckpointStore, clock: FakeClock
    ) -> None:
        begun(store)
        clock.advance(TTL - SECOND)
        assert store.find(KEY) is not None
        clock.advance(SECOND)
        assert store.find(KEY) is None


class CrowdPromises:
    def test_completes_for_one_of_many_and_moves_the_mark_with_it(
        self, store: CheckpointStore
    ) -> None:
        held = begun(store, lease=a_lease())
        winners = race(
            lambda n: store.settle(held, completed(held), Watermark(NOW + n * SECOND, None))
        )
        assert winners == [store.find(KEY)]
        assert store.watermark(USER) is not None

    def test_ends_at_the_latest_mark_of_runs_that_complete_at_once(
        self, store: CheckpointStore
    ) -> None:
        keys = [RunKey(USER, sync_type) for sync_type in SyncType]
        held = [begun(store, key=key, lease=a_lease()) for key in keys]
        results = race(
            lambda n: store.settle(
                held[n % 3], completed(held[n % 3]), Watermark(NOW + n % 3 * HOUR, None)
            )
        )
        assert sorted(result.key for result in results) == sorted(keys)
        assert store.watermark(USER) == NOW + 2 * HOUR

    def test_notes_the_latest_page_of_many(self, store: CheckpointStore) -> None:
        begun(store, page=16)
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda n: store.mark_published(a_continuation(page=n)), range(1, 17)))
        found = store.find(KEY)
        assert found is not None
        assert found.chain.published_page == 16

    def test_keeps_the_runs_of_many_users_apart(self, store: CheckpointStore) -> None:
        def work(number: int) -> Checkpoint | Refused:
            key = RunKey(f"user-{number}", SyncType.DAILY)
            held = begun(store, key=key, lease=a_lease())
            return store.settle(held, replace(held, page=number + 2, lease=None))

        assert sorted(run.page for run in race(work)) == list(range(2, 18))
        assert store.count_due_before(NOW + SECOND) == 16

    def test_lets_either_the_holder_or_the_next_worker_win(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease(NOW))
        winners = race(
            lambda n: (
                store.claim(a_claim(owner=f"worker-{n}"))
                if n % 2
                else store.settle(held, advanced(held))
            )
        )
        assert winners == [store.find(KEY)]


class TestFakeCheckpoints(InMemory, TroublePromises, LatePromises, CrowdPromises):
    """In memory."""


class TestDynamoCheckpoints(InDynamoDB, LatePromises, CrowdPromises):
    """In DynamoDB."""


class TestDynamoCheckpointsInTrouble(InTroubledDynamoDB, TroublePromises):
    """In DynamoDB, over a bad wire."""
