"""Whether the chaos check sees what must not be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.history import History

SIZE = 50


def version(
    page: int, orders: int, run: str = "r1", status: str = "running", **more: Any
) -> dict[str, Any]:
    return {
        "runId": {"S": run},
        "page": {"N": str(page)},
        "totalSaved": {"N": str(orders)},
        "totalFailed": {"N": "0"},
        "status": {"S": status},
        **more,
    }


def history(*versions: dict[str, Any], sync_type: str = "manual") -> History:
    records = []
    old = None
    for new in versions:
        keys = {"userId": {"S": "u"}, "syncType": {"S": sync_type}}
        records.append({"Keys": keys, "NewImage": new, **({"OldImage": old} if old else {})})
        old = new
    return History.of(records, SIZE)


WHOLE = (
    version(1, 0, leaseOwner={"S": "a"}),
    version(2, 50),
    version(2, 50, leaseOwner={"S": "b"}),
    version(2, 50, leaseOwner={"S": "c"}),
    version(3, 70, status="completed"),
)


class TestAHistory:
    def test_of_a_whole_run_holds(self) -> None:
        seen = history(*WHOLE, version(1, 0, run="r2"))
        assert seen.complaints == []
        assert seen.runs == {"r1", "r2"}
        assert seen.completed == {"r1"}
        assert seen.counted == {("r1", 1): 1, ("r1", 2): 1}
        assert (seen.counted_twice, seen.skipped, seen.taken_over) == (0, 0, 1)

    def test_shows_a_page_that_counts_twice(self) -> None:
        seen = history(version(1, 0), version(2, 50), version(1, 50), version(2, 100))
        assert seen.counted_twice == 1
        assert "went back to page 1" in seen.complaints[0]

    def test_shows_a_page_that_is_skipped(self) -> None:
        assert history(version(1, 0), version(3, 50)).skipped == 1

    @pytest.mark.parametrize(
        ("wrong", "complaint"),
        [
            ((version(1, 0), version(1, 50)), "totals changed by 50 without an advance"),
            ((version(1, 0), version(2, 100)), "counted 100 orders, not 50"),
            ((*WHOLE, version(4, 120, status="completed")), "although the run was completed"),
            ((version(1, 0), version(1, 0, run="r2"), version(1, 0)), "came back"),
            ((version(2, 50),), "began at page 2"),
        ],
    )
    def test_shows_what_a_run_must_not_do(
        self, wrong: tuple[dict[str, Any], ...], complaint: str
    ) -> None:
        assert complaint in " ".join(history(*wrong).complaints)

    def test_expects_no_full_pages_once_pages_were_made_smaller(self) -> None:
        assert history(version(1, 0), version(2, 20, pageSize={"N": "20"})).complaints == []

    def test_shows_a_checkpoint_that_vanishes(self) -> None:
        keys = {"userId": {"S": "u"}, "syncType": {"S": "daily"}}
        assert History.of([{"Keys": keys, "OldImage": version(1, 0)}], SIZE).complaints

    def test_leaves_other_items_of_the_table_alone(self) -> None:
        seen = history({"updatedThrough": {"S": "2026"}}, sync_type="watermark#orders")
        assert seen.complaints == []
