"""What every checkpoint store promises of the changes a page goes through."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.checkpoints import Checkpoint, RunStatus
from domain.messages import RunKey, SyncType
from domain.ports import CheckpointStore, Claim
from tests.builders import (
    KEY,
    NOW,
    USER,
    a_chain,
    a_continuation,
    a_lease,
    a_run,
)
from tests.contracts.checkpoint_stores import (
    EVERYTHING,
    HOUR,
    OTHER_KEY,
    SECOND,
    InDynamoDB,
    InMemory,
    a_claim,
    begun,
    race,
    refused_by,
    stored_by,
)


class ChangePromises:
    def test_finds_nothing_where_nothing_is(self, store: CheckpointStore) -> None:
        assert store.find(KEY) is None

    def test_keeps_everything(self, store: CheckpointStore) -> None:
        stored = stored_by(store.begin(EVERYTHING))
        assert replace(stored, revision="") == EVERYTHING
        assert store.find(KEY) == stored

    def test_keeps_users_and_sync_types_apart(self, store: CheckpointStore) -> None:
        begun(store)
        begun(store, key=OTHER_KEY, run_id="run-2")
        begun(store, key=RunKey(USER, SyncType.DAILY), run_id="run-3")
        found = store.find(OTHER_KEY)
        assert found is not None
        assert found.run_id == "run-2"

    def test_begins_no_run_over_another(self, store: CheckpointStore) -> None:
        first = begun(store)
        assert refused_by(store.begin(a_run(run_id="run-2"))) == first
        assert store.find(KEY) == first

    def test_begins_a_run_once_the_other_was_cleared(self, store: CheckpointStore) -> None:
        begun(store)
        store.clear(KEY)
        assert begun(store, run_id="run-2").run_id == "run-2"

    def test_lets_one_of_many_begin(self, store: CheckpointStore) -> None:
        winners = race(lambda n: store.begin(a_run(run_id=f"run-{n}")))
        assert winners == [store.find(KEY)]

    def test_replaces_what_was_seen(self, store: CheckpointStore) -> None:
        seen = begun(store, last_error=EVERYTHING.last_error, last_error_at=NOW)
        new = stored_by(store.replace(seen, a_run(run_id="run-2")))
        assert replace(new, revision="") == a_run(run_id="run-2")
        assert store.find(KEY) == new

    def test_replaces_nothing_that_has_changed(self, store: CheckpointStore) -> None:
        seen = begun(store)
        changed = stored_by(store.claim(a_claim()))
        assert refused_by(store.replace(seen, a_run(run_id="run-2"))) == changed

    def test_replaces_nothing_that_is_gone(self, store: CheckpointStore) -> None:
        seen = begun(store)
        store.clear(KEY)
        assert refused_by(store.replace(seen, a_run(run_id="run-2"))) is None

    def test_replaces_nothing_that_began_anew(self, store: CheckpointStore) -> None:
        seen = begun(store)
        store.clear(KEY)
        again = begun(store)
        assert refused_by(store.replace(seen, a_run(run_id="run-2"))) == again

    def test_takes_an_extension_for_no_change(self, store: CheckpointStore) -> None:
        seen = begun(store, lease=a_lease())
        assert store.extend(seen, NOW + HOUR)
        assert stored_by(store.replace(seen, replace(seen, page=2))).page == 2

    def test_replaces_nothing_whose_lease_was_extended_where_it_is_to_be_free(
        self, store: CheckpointStore
    ) -> None:
        seen = begun(store, lease=a_lease(NOW))
        assert store.extend(seen, NOW + HOUR)
        revived = store.find(KEY)
        assert refused_by(store.replace(seen, replace(seen, page=2), free_at=NOW)) == revived

    def test_replaces_what_is_free(self, store: CheckpointStore) -> None:
        ended = begun(store, lease=a_lease(NOW))
        again = stored_by(store.replace(ended, replace(ended, lease=None), free_at=NOW))
        assert stored_by(store.replace(again, replace(again, page=2), free_at=NOW)).page == 2

    def test_lets_one_of_many_replace(self, store: CheckpointStore) -> None:
        seen = begun(store)
        winners = race(lambda n: store.replace(seen, a_run(run_id=f"run-{n}")))
        assert winners == [store.find(KEY)]

    def test_gives_the_lease_to_who_claims_the_page(self, store: CheckpointStore) -> None:
        run = begun(store)
        held = stored_by(store.claim(a_claim()))
        assert held == replace(run, lease=a_claim().lease, revision=held.revision)
        assert held.revision != run.revision
        assert store.find(KEY) == held

    def test_gives_no_lease_that_somebody_has(self, store: CheckpointStore) -> None:
        run = begun(store, lease=a_lease(NOW + SECOND))
        assert refused_by(store.claim(a_claim())) == run

    def test_gives_a_lease_that_has_ended(self, store: CheckpointStore) -> None:
        begun(store, lease=a_lease(NOW))
        assert stored_by(store.claim(a_claim())).lease == a_claim().lease

    @pytest.mark.parametrize(
        ("run", "claim"),
        [
            (a_run(page=2), a_claim(page=1)),
            (a_run(page=2), a_claim(page=3)),
            (a_run(), a_claim(chain_id="chain-0")),
            (a_run(status=RunStatus.FAILED), a_claim()),
            (a_run(status=RunStatus.COMPLETED), a_claim()),
        ],
    )
    def test_gives_no_lease_for_another_page_chain_or_status(
        self, store: CheckpointStore, run: Checkpoint, claim: Claim
    ) -> None:
        stored = stored_by(store.begin(run))
        assert refused_by(store.claim(claim)) == stored

    def test_gives_no_lease_for_nothing(self, store: CheckpointStore) -> None:
        assert refused_by(store.claim(a_claim())) is None

    def test_gives_the_lease_to_one_of_many(self, store: CheckpointStore) -> None:
        begun(store)
        winners = race(lambda n: store.claim(a_claim(owner=f"worker-{n}")))
        assert winners == [store.find(KEY)]

    def test_extends_the_lease_and_nothing_else(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease())
        assert store.extend(held, NOW + HOUR)
        assert store.find(KEY) == replace(held, lease=a_lease(NOW + HOUR))

    def test_extends_no_lease_that_was_taken_over(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease(NOW))
        taken = stored_by(store.claim(a_claim()))
        assert not store.extend(held, NOW + HOUR)
        assert store.find(KEY) == taken

    def test_extends_no_lease_of_a_page_that_is_done(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease())
        store.settle(held, replace(held, page=2, lease=None))
        assert not store.extend(held, NOW + HOUR)

    def test_extends_nothing_that_is_gone(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease())
        store.clear(KEY)
        assert not store.extend(held, NOW + HOUR)

    def test_extends_nothing_without_a_lease(self, store: CheckpointStore) -> None:
        assert not store.extend(begun(store), NOW + HOUR)

    def test_settles_the_page_that_is_held(self, store: CheckpointStore) -> None:
        held = stored_by(store.begin(EVERYTHING))
        new = a_run(chain=held.chain, page=4)
        settled = stored_by(store.settle(held, new))
        assert replace(settled, revision="") == new
        assert store.find(KEY) == settled

    def test_settles_after_the_lease_was_extended(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease())
        store.extend(held, NOW + HOUR)
        assert stored_by(store.settle(held, replace(held, page=2, lease=None))).page == 2

    def test_settles_a_page_only_once(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease())
        done = stored_by(store.settle(held, replace(held, page=2, lease=None)))
        assert refused_by(store.settle(held, replace(held, page=2, lease=None))) == done

    def test_settles_nothing_that_was_taken_over(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease(NOW))
        taken = stored_by(store.claim(a_claim()))
        assert refused_by(store.settle(held, replace(held, page=2, lease=None))) == taken

    def test_settles_nothing_under_another_chain(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease())
        other = replace(held, chain=a_chain(chain_id="chain-2"))
        taken = stored_by(store.replace(held, other))
        assert refused_by(store.settle(held, replace(held, page=2, lease=None))) == taken

    def test_settles_nothing_that_is_gone(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease())
        store.clear(KEY)
        assert refused_by(store.settle(held, replace(held, page=2, lease=None))) is None

    def test_settles_without_taking_back_a_late_mark(self, store: CheckpointStore) -> None:
        held = begun(store, page=2, lease=a_lease())
        store.mark_published(a_continuation(page=2))
        settled = stored_by(store.settle(held, replace(held, page=3, lease=None)))
        assert settled.chain.published_page == 2
        assert store.find(KEY) == settled

    def test_lets_one_of_many_settle(self, store: CheckpointStore) -> None:
        held = begun(store, lease=a_lease())
        new = replace(held, page=2, lease=None)
        winners = race(lambda n: store.settle(held, replace(new, cursor=f"cursor-{n}")))
        assert winners == [store.find(KEY)]


class TestFakeCheckpoints(InMemory, ChangePromises):
    """In memory."""


class TestDynamoCheckpoints(InDynamoDB, ChangePromises):
    """In DynamoDB."""
