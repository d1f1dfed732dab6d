"""`retry-failed` and `clear`."""

from __future__ import annotations

import io
import sys

import pytest

from tests.at_hand import Terminal, a_failed_batch
from tests.builders import KEY, USER, a_run

CLEAR = ("clear", USER, "--type", "manual")
RETRY = ("retry-failed", USER, "--type", "manual")


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestRetryFailed:
    def test_asks_for_all_batches_at_once(self, terminal: Terminal) -> None:
        terminal.at_hand.batches.add(a_failed_batch())
        terminal.at_hand.batches.add(a_failed_batch(page=3))
        assert terminal.type(*RETRY) == "asked for 2 failed batches to be tried again\n"
        [body] = terminal.at_hand.bodies
        assert (body["type"], body["userId"], body["syncType"]) == ("retry-batch", USER, "manual")
        assert "batchId" not in body

    def test_asks_for_one(self, terminal: Terminal) -> None:
        batch = a_failed_batch()
        terminal.at_hand.batches.add(batch)
        assert terminal.type_json(*RETRY, "--batch", batch.batch_id)["batches"] == 1
        assert terminal.at_hand.bodies[0]["batchId"] == batch.batch_id

    def test_fails_if_there_is_none(self, terminal: Terminal) -> None:
        terminal.type(*RETRY)
        assert (terminal.code, terminal.at_hand.bodies) == (1, [])
        assert terminal.err == "error: user-1 has no failed manual batch: nothing to retry\n"

    def test_fails_if_that_one_is_unknown(self, terminal: Terminal) -> None:
        terminal.type(*RETRY, "--batch", "manual#x#1#1_failed_orders")
        assert (terminal.code, terminal.at_hand.bodies) == (1, [])
        assert "manual#x#1#1_failed_orders" in terminal.err


class TestClear:
    def test_forgets_the_checkpoint_and_leaves_failed_batches(self, terminal: Terminal) -> None:
        terminal.at_hand.runs.given(a_run())
        terminal.at_hand.batches.add(a_failed_batch())
        assert terminal.type(*CLEAR, "--yes") == "cleared the manual checkpoint of user-1\n"
        assert terminal.at_hand.runs.find(KEY) is None
        assert len(terminal.at_hand.batches.all) == 1

    def test_forgets_failed_batches_if_told_so(self, terminal: Terminal) -> None:
        terminal.at_hand.batches.add(a_failed_batch())
        done = terminal.type_json(*CLEAR, "--yes", "--failed-batches")
        assert done == {"checkpoint": False, "failedBatches": 1}
        assert terminal.at_hand.batches.all == ()

    def test_fails_if_there_is_nothing(self, terminal: Terminal) -> None:
        terminal.type(*CLEAR, "--yes")
        assert (terminal.code, terminal.out) == (1, "")
        assert "nothing to clear" in terminal.err

    def test_does_nothing_unasked(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(""))
        terminal.at_hand.runs.given(a_run())
        terminal.type(*CLEAR)
        assert terminal.code == 2
        assert "--yes" in terminal.err
        assert terminal.at_hand.runs.find(KEY) is not None

    @pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
    def test_does_as_a_person_answers(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
    ) -> None:
        monkeypatch.setattr(sys, "stdin", Keyboard(answer))
        terminal.at_hand.runs.given(a_run())
        terminal.type(*CLEAR)
        assert terminal.code == code
        assert (terminal.at_hand.runs.find(KEY) is None) is (code == 0)
