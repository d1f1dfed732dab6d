"""A part of a file on a host that is not Shopify's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from adapters.shopify_downloads import Denied, Downloads, Part
from adapters.shopify_session import shopify_session
from domain.failures import Failure, Outage, TimedOut, Transient
from tests.fakes.clock import FakeClock
from tests.raw_server import RawServer, raw_server

PLAIN = "http://127.0.0.1:{}/file.jsonl?Signature=secret"


class RealClock(FakeClock):
    def monotonic(self) -> float:
        return time.monotonic()


def answer(status: str, body: bytes = b"", **headers: str) -> bytes:
    named = {"Content-Length": str(len(body)), **headers}
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items()]
    return f"HTTP/1.1 {status}\r\n{''.join(lines)}\r\n".encode() + body


WHOLE = answer("206 Partial Content", b"0123456789", Content_Range="bytes 5-14/40", ETag='"7"')


@contextmanager
def part_of(server: RawServer, start: int = 5, timeout: float = 5) -> Iterator[Part]:
    session = shopify_session(1)
    downloads = Downloads(session, RealClock(), timeout, plain=True)
    try:
        with downloads.part(PLAIN.format(server.port), start, 10) as part:
            yield part
    finally:
        session.close()


def failure(server: RawServer, start: int = 5, timeout: float = 5) -> Failure:
    with pytest.raises(Failure) as raised, part_of(server, start, timeout) as part:
        b"".join(part.chunks)
    assert "secret" not in raised.value.message
    return raised.value


class TestAPart:
    def test_is_asked_for_by_its_place_and_with_nothing_else(self) -> None:
        with raw_server(WHOLE) as server, part_of(server) as part:
            assert b"".join(part.chunks) == b"0123456789"
            assert (part.start, part.end, part.total, part.etag) == (5, 15, 40, '"7"')
        (request,) = server.requests
        head = request.lower()
        assert b"\r\nrange: bytes=5-14\r\n" in head
        assert b"\r\naccept-encoding: identity\r\n" in head
        assert not any(word in head for word in (b"token", b"cookie", b"authorization"))

    def test_may_be_the_whole_file_where_it_begins_at_its_beginning(self) -> None:
        with raw_server(answer("200 OK", b"012")) as server, part_of(server, 0) as part:
            assert (part.start, part.end, part.total, part.etag) == (0, 3, 3, None)

    @pytest.mark.parametrize(
        "other",
        [
            answer("200 OK", b"0123456789"),
            answer("206 Partial Content", b"0123456789", Content_Range="bytes 0-9/40"),
            answer("206 Partial Content", b"0123456789"),
        ],
    )
    def test_is_none_but_the_one_that_was_asked_for(self, other: bytes) -> None:
        with raw_server(other) as server:
            assert "not the part that was asked for" in failure(server).message

    def test_is_not_compressed(self) -> None:
        packed = answer("200 OK", b"0123456789", Content_Encoding="gzip")
        with raw_server(packed) as server:
            assert "it came compressed" in failure(server, start=0).message


class TestAHostThatRefuses:
    @pytest.mark.parametrize("status", ["400 Bad", "401 No", "403 No", "404 None", "416 Range"])
    def test_says_that_the_url_is_good_no_more(self, status: str) -> None:
        with (
            raw_server(answer(status, b"<Error/>")) as server,
            pytest.raises(Denied, match=status[:3]),
            part_of(server),
        ):
            pass

    def test_is_not_followed_elsewhere(self) -> None:
        elsewhere = answer("302 Found", Location="https://elsewhere.example.com/")
        with (
            raw_server(elsewhere) as server,
            pytest.raises(Denied, match="302"),
            part_of(server),
        ):
            pass
        assert len(server.requests) == 1


class TestAHostThatIsAway:
    @pytest.mark.parametrize("status", ["500 Oh", "503 Wait", "429 Wait"])
    def test_is_an_outage(self, status: str) -> None:
        with raw_server(answer(status)) as server:
            assert isinstance(failure(server), Outage)

    def test_is_an_outage_where_nobody_listens(self) -> None:
        with raw_server(WHOLE) as server:
            pass
        assert isinstance(failure(server), Outage)

    def test_is_an_outage_where_it_breaks_off(self) -> None:
        with raw_server(WHOLE[:-4]) as server:
            assert isinstance(failure(server), Outage)

    def test_is_timed_out_by_the_part_and_not_by_the_byte(self) -> None:
        slowly = [WHOLE[:-10], *(WHOLE[n : n + 1] for n in range(-10, -1))]
        with raw_server(*slowly, gap=0.1) as server:
            assert isinstance(failure(server, timeout=0.35), TimedOut)


class TestAnAddress:
    @pytest.mark.parametrize(
        "url",
        [
            "http://storage.example.com/file",
            "file:///etc/passwd",
            "https:///file",
            "https://user:word@storage.example.com/file",
        ],
    )
    def test_is_one_of_a_file_on_a_secure_host(self, url: str) -> None:
        downloads = Downloads(shopify_session(1), FakeClock(), 5)
        with pytest.raises(Transient, match="its address"), downloads.part(url, 0, 10):
            pass

    def test_is_never_shown(self) -> None:
        assert "session" not in repr(Downloads(shopify_session(1), FakeClock(), 5))
