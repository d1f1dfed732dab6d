"""What SQS takes as delays, group ids and message attributes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.sqs_attributes import (
    LARGEST_MESSAGE,
    fitting,
    group_id,
    one_line,
    whole_seconds,
)

OURS = {
    "reason": "bug",
    "error": "what went wrong",
    "failedAt": "2026-11-23T12:00:00.000Z",
    "sourceMessageId": "message-1",
    "receiveCount": "3",
}


def size(body: str, attributes: tuple[tuple[str, str], ...]) -> int:
    """In bytes, as SQS counts."""
    return len(body.encode()) + sum(len(f"{n}String{v}".encode()) for n, v in attributes)


class TestWholeSeconds:
    @pytest.mark.parametrize(
        ("seconds", "whole"),
        [(-1, 0), (0, 0), (0.001, 1), (1, 1), (1.2, 2), (900, 900), (901, 900)],
    )
    def test_rounds_up_and_stays_within_the_limits(self, seconds: float, whole: int) -> None:
        assert whole_seconds(timedelta(seconds=seconds), 900) == whole


class TestGroupId:
    @pytest.mark.parametrize("user", ["user-1", "a@b.example", "!~", "x" * 128])
    def test_is_the_user_where_sqs_takes_it(self, user: str) -> None:
        assert group_id(user) == user

    @pytest.mark.parametrize("user", ["händler", "商店", "🙂"])
    def test_is_a_digest_where_sqs_does_not(self, user: str) -> None:
        assert len(group_id(user)) == 64
        assert group_id(user) != group_id(user + "x")


class TestOneLine:
    def test_has_nothing_that_sqs_refuses(self) -> None:
        assert one_line("a\nb\tc\x00d\ud800e\uffffü🙂 ") == "a b c d e ü🙂"

    def test_is_at_most_512_characters_long(self) -> None:
        assert one_line("ü" * 600) == "ü" * 512


class TestFitting:
    def test_keeps_everything_where_there_is_room(self) -> None:
        found = fitting("body", OURS, [("traceparent", "00-1")])
        assert dict(found) == {**OURS, "traceparent": "00-1"}

    def test_leaves_out_what_is_empty(self) -> None:
        assert dict(fitting("body", {"reason": "bug", "error": ""})) == {"reason": "bug"}

    def test_takes_no_more_than_ten(self) -> None:
        found = dict(fitting("body", OURS, [(f"own-{n}", "x") for n in range(10)]))
        assert len(found) == 10
        assert found.keys() >= OURS.keys()

    @pytest.mark.parametrize("room", range(0, 260, 7))
    def test_never_exceeds_what_sqs_takes(self, room: int) -> None:
        body = "b" * (LARGEST_MESSAGE - room)
        assert size(body, fitting(body, OURS, [("own", "x")])) <= LARGEST_MESSAGE

    def test_shortens_the_error_first(self) -> None:
        whole = size("", tuple(OURS.items()))
        found = dict(fitting("b" * (LARGEST_MESSAGE - whole + 5), OURS))
        assert found == {**OURS, "error": "what went"}

    def test_never_cuts_a_character_in_two(self) -> None:
        error = {"error": "üüü"}
        body = "b" * (LARGEST_MESSAGE - len("errorString") - 5)
        assert dict(fitting(body, error)) == {"error": "üü"}

    def test_drops_the_reason_last(self) -> None:
        body = "b" * (LARGEST_MESSAGE - len("reasonStringbug"))
        assert dict(fitting(body, OURS)) == {"reason": "bug"}

    def test_leaves_a_body_that_fills_the_message_alone(self) -> None:
        assert fitting("b" * LARGEST_MESSAGE, OURS) == ()
