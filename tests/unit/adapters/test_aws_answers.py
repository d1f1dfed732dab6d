"""Answers of HTTP servers, in whatever pieces they come."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.aws_answers import HttpAnswer, Unreadable, answer_from

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
SIZED = HEAD + b"Content-Length: 7\r\n\r\n" + b'{"a":1}'
CHUNKED = HEAD + b'Transfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\nT: 1\r\n\r\n'
ENDING = HEAD + b"\r\n" + b'{"a":1}'


def pieces(text: bytes, *cuts: int) -> Callable[[int], bytes]:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    parts = [text[a:b] for a, b in pairwise(places)]
    return lambda _size: parts.pop(0) if parts else b""


class TestAnswer:
    @given(st.sampled_from([SIZED, CHUNKED, ENDING]), st.lists(st.integers(0, 200), max_size=9))
    def test_is_the_same_in_whatever_pieces_it_comes(self, text: bytes, cuts: list[int]) -> None:
        answer = answer_from(pieces(text, *cuts))
        assert (answer.status, answer.body) == (200, b'{"a":1}')
        assert answer.headers["content-type"] == "application/x-amz-json-1.0"

    @given(st.sampled_from([SIZED, CHUNKED]), st.data())
    def test_that_is_cut_off_is_none(self, text: bytes, data: st.DataObject) -> None:
        cut = data.draw(st.integers(0, len(text) - 1))
        with pytest.raises(Unreadable):
            answer_from(pieces(text[:cut]))

    @given(st.binary(max_size=200))
    def test_is_read_or_refused_whatever_comes(self, noise: bytes) -> None:
        for text in (noise, b"HTTP/1.1 " + noise, HEAD + noise):
            with suppress(Unreadable):
                assert isinstance(answer_from(pieces(text)), HttpAnswer)

    def test_follows_an_announcement(self) -> None:
        assert answer_from(pieces(b"HTTP/1.1 100 Continue\r\n\r\n" + SIZED)).body == b'{"a":1}'

    @pytest.mark.parametrize(
        "line",
        [
            b"nonsense",
            b"X: 1\r\n folded: 2",
            b"Transfer-Encoding: identity",
            b"Content-Length: 7, 7",
        ],
    )
    def test_is_read_beside_odd_headers(self, line: bytes) -> None:
        odd = SIZED.replace(b"Content-Type", line + b"\r\nContent-Type", 1)
        without = odd.replace(b"Content-Length: 7\r\n", b"") if b"7, 7" in line else odd
        assert answer_from(pieces(without)).body == b'{"a":1}'

    def test_without_content_has_no_body(self) -> None:
        answer = answer_from(pieces(b"HTTP/1.1 204 No Content\r\n\r\n"))
        assert (answer.status, answer.body, answer.last) == (204, b"", False)

    @pytest.mark.parametrize(
        "text",
        [
            ENDING,
            SIZED + b"HTTP/1.1 200 OK\r\n",
            SIZED.replace(b"HTTP/1.1", b"HTTP/1.0"),
            SIZED.replace(b"\r\n\r\n", b"\r\nConnection: Close\r\n\r\n"),
        ],
    )
    def test_says_that_it_is_the_connections_last(self, text: bytes) -> None:
        assert answer_from(pieces(text)).last

    @pytest.mark.parametrize(
        "text",
        [SIZED, CHUNKED, SIZED.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n")],
    )
    def test_says_that_another_can_follow(self, text: bytes) -> None:
        assert not answer_from(pieces(text)).last

    @pytest.mark.parametrize(
        "text",
        [
            b"HTTP/2 200\r\n\r\n",
            b"SSH-2.0-OpenSSH\r\n\r\n",
            HEAD + b"Content-Length: -1\r\n\r\n",
            HEAD + b"Content-Length: 7, 8\r\n\r\n",
            HEAD + "Content-Length: \u0667\r\n\r\n".encode(),
            HEAD + b"Transfer-Encoding: chunked\r\n\r\nlong\r\n",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nlonger\r\n0\r\n\r\n",
            HEAD + b"X: " + b"x" * 200_000,
        ],
    )
    def test_that_is_no_answer_is_refused(self, text: bytes) -> None:
        with pytest.raises(Unreadable):
            answer_from(pieces(text))
