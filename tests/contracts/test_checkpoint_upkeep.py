"""What every checkpoint store promises of marks, of runs that are due and of expiry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.checkpoints import Checkpoint, RunStatus, Seen, Watermark
from domain.messages import RunKey, SyncType
from domain.ports import CheckpointStore
from tests.builders import (
    KEY,
    NOW,
    USER,
    VISIBILITY,
    a_chain,
    a_continuation,
    a_lease,
    a_run,
)
from tests.contracts.checkpoint_stores import (
    EVERYTHING,
    HOUR,
    SECOND,
    TTL,
    InDynamoDB,
    InMemory,
    a_claim,
    begun,
    refused_by,
    stored_by,
)
from tests.fakes.clock import FakeClock


class UpkeepPromises:
    def complete(self, store: CheckpointStore, key: RunKey, mark: Watermark) -> Checkpoint:
        held = begun(store, key=key, lease=a_lease())
        new = replace(held, status=RunStatus.COMPLETED, completed_at=NOW, lease=None)
        return stored_by(store.settle(held, new, mark))

    def test_has_no_watermark_at_first(self, store: CheckpointStore) -> None:
        assert store.watermark(USER) is None

    def test_finds_the_run_and_the_mark_at_one_look(self, store: CheckpointStore) -> None:
        assert store.look(KEY) == Seen()
        completed = self.complete(store, KEY, Watermark(NOW, None))
        assert store.look(KEY) == Seen(completed, NOW)
        assert store.look(RunKey(USER, SyncType.DAILY)) == Seen(None, NOW)
        assert store.look(RunKey("user-2", SyncType.MANUAL)) == Seen()
        store.clear(KEY)
        assert store.look(KEY) == Seen(None, NOW)

    def test_moves_the_mark_with_the_run_that_completes(self, store: CheckpointStore) -> None:
        completed = self.complete(store, KEY, Watermark(NOW, None))
        assert store.find(KEY) == completed
        assert store.watermark(USER) == NOW
        assert store.watermark("user-2") is None

    @pytest.mark.parametrize(
        ("mark", "expected"),
        [
            (Watermark(NOW + HOUR, None), NOW + HOUR),
            (Watermark(NOW + HOUR, NOW), NOW + HOUR),
            (Watermark(NOW + HOUR, NOW - HOUR), NOW + HOUR),
            (Watermark(NOW + HOUR, NOW + SECOND), NOW),
            (Watermark(NOW - HOUR, None), NOW),
            (Watermark(NOW - HOUR, NOW - 2 * HOUR), NOW),
            (Watermark(NOW, None), NOW),
        ],
    )
    def test_moves_the_mark_forward_and_over_no_gap(
        self, store: CheckpointStore, mark: Watermark, expected: object
    ) -> None:
        self.complete(store, KEY, Watermark(NOW, None))
        completed = self.complete(store, RunKey(USER, SyncType.DAILY), mark)
        assert store.watermark(USER) == expected
        assert store.find(completed.key) == completed

    def test_sets_no_first_mark_that_leaves_a_gap(self, store: CheckpointStore) -> None:
        completed = self.complete(store, KEY, Watermark(NOW, NOW - HOUR))
        assert store.watermark(USER) is None
        assert store.find(KEY) == completed

    def test_moves_no_mark_for_a_run_that_was_overtaken(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease(NOW))
        taken = stored_by(store.claim(a_claim()))
        new = replace(held, status=RunStatus.COMPLETED, lease=None)
        assert refused_by(store.settle(held, new, Watermark(NOW, None))) == taken
        assert store.watermark(USER) is None

    def test_keeps_the_mark_when_the_run_is_cleared(self, store: CheckpointStore) -> None:
        self.complete(store, KEY, Watermark(NOW, None))
        store.clear(KEY)
        assert store.watermark(USER) == NOW

    def published(self, store: CheckpointStore) -> int:
        found = store.find(KEY)
        assert found is not None
        return found.chain.published_page

    def test_notes_that_a_page_was_published(self, store: CheckpointStore) -> None:
        run = begun(store, page=2)
        store.mark_published(a_continuation(page=2))
        assert self.published(store) == 2
        changed = store.find(KEY)
        assert refused_by(store.replace(run, a_run())) == changed

    def test_notes_no_page_of_another_chain(self, store: CheckpointStore) -> None:
        begun(store, page=2)
        store.mark_published(a_continuation(page=2, chain_id="chain-0"))
        assert self.published(store) == 1

    def test_notes_no_page_that_the_run_has_not_reached(self, store: CheckpointStore) -> None:
        begun(store, page=2)
        store.mark_published(a_continuation(page=3))
        assert self.published(store) == 1

    def test_never_notes_an_earlier_page(self, store: CheckpointStore) -> None:
        begun(store, page=3, chain=a_chain(published_page=3))
        store.mark_published(a_continuation(page=2))
        assert self.published(store) == 3

    def test_notes_nothing_for_a_run_that_is_gone(self, store: CheckpointStore) -> None:
        store.mark_published(a_continuation())
        assert store.find(KEY) is None

    def test_says_whether_there_was_something_to_clear(self, store: CheckpointStore) -> None:
        begun(store)
        assert store.clear(KEY)
        assert store.find(KEY) is None
        assert not store.clear(KEY)

    def test_lists_running_runs_by_how_long_they_are_due(self, store: CheckpointStore) -> None:
        for number, hours in enumerate((1, 3, 2)):
            key = RunKey(f"user-{number}", SyncType.DAILY)
            begun(store, key=key, due_at=NOW - hours * HOUR)
        due = store.due_before(NOW, 10)
        assert [key.user_id for key in due] == ["user-1", "user-2", "user-0"]
        assert store.due_before(NOW, 2) == due[:2]
        assert store.count_due_before(NOW) == 3

    def test_lists_no_run_that_is_not_due_yet(self, store: CheckpointStore) -> None:
        begun(store, due_at=NOW)
        assert store.due_before(NOW, 10) == ()
        assert store.count_due_before(NOW) == 0
        assert store.due_before(NOW + SECOND, 10) == (KEY,)

    @pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.FAILED])
    def test_lists_no_run_that_has_ended(self, store: CheckpointStore, status: RunStatus) -> None:
        held = begun(store, lease=a_lease())
        store.settle(held, replace(held, status=status, lease=None))
        assert store.due_before(NOW + HOUR, 10) == ()
        assert store.count_due_before(NOW + HOUR) == 0

    def expire(self, clock: FakeClock) -> None:
        clock.advance(TTL + SECOND)

    def test_has_no_checkpoint_that_outlived_its_time(
        self, store: CheckpointStore, clock: FakeClock
    ) -> None:
        begun(store)
        self.expire(clock)
        assert store.find(KEY) is None
        assert store.due_before(clock.now(), 10) == ()
        assert store.count_due_before(clock.now()) == 0
        assert not store.clear(KEY)

    def test_refuses_every_change_of_a_checkpoint_that_is_gone(
        self, store: CheckpointStore, clock: FakeClock
    ) -> None:
        held = begun(store, lease=a_lease(NOW))
        self.expire(clock)
        claim = replace(a_claim(), now=clock.now())
        assert refused_by(store.claim(claim)) is None
        assert refused_by(store.replace(held, held)) is None
        assert refused_by(store.settle(held, held)) is None
        assert refused_by(store.settle(held, held, Watermark(NOW, None))) is None
        assert not store.extend(held, clock.now() + VISIBILITY)

    def test_begins_a_run_over_a_checkpoint_that_is_gone(
        self, store: CheckpointStore, clock: FakeClock
    ) -> None:
        stored_by(store.begin(EVERYTHING))
        self.expire(clock)
        new = begun(store, updated_at=clock.now())
        assert replace(new, revision="") == a_run(updated_at=clock.now())
        assert store.find(KEY) == new

    def test_counts_the_time_from_the_last_change(
        self, store: CheckpointStore, clock: FakeClock
    ) -> None:
        begun(store)
        clock.advance(TTL - HOUR)
        claimed = stored_by(store.claim(replace(a_claim(), now=clock.now())))
        clock.advance(TTL - HOUR)
        assert store.find(KEY) == claimed

    def test_keeps_the_watermark_for_ever(self, store: CheckpointStore, clock: FakeClock) -> None:
        self.complete(store, KEY, Watermark(NOW, None))
        clock.advance(TTL * 100)
        assert store.watermark(USER) == NOW


class TestFakeCheckpoints(InMemory, UpkeepPromises):
    """In memory."""


class TestDynamoCheckpoints(InDynamoDB, UpkeepPromises):
    """In DynamoDB."""
