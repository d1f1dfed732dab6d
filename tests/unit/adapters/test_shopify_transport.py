"""One HTTP request to a shop, over a real connection where that matters."""

from __future__ import annotations

import gzip
import json
import socket
import time
import traceback
from datetime import UTC, datetime, timedelta

import pytest
import requests
import responses
import urllib3

from adapters import shopify_transport
from adapters.shopify_session import shopify_session
from adapters.shopify_transport import RawAnswer
from domain.failures import Failure, PageTooLarge, Permanent, Reason, TimedOut, Transient
from domain.ports import Clock
from tests.fakes.clock import FakeClock
from tests.raw_server import HEAD, raw_server
from tests.shopify import ADMIN, ENDPOINT, SHOP, TOKEN, Bench, a_connected_shop


class RealClock(FakeClock):
    def monotonic(self) -> float:
        return time.monotonic()


class NearlyOver(FakeClock):
    """30 s begin when it is first looked at; from then on 0.1 s of them is left."""

    def monotonic(self) -> float:
        now = super().monotonic()
        if now == FakeClock().monotonic():
            self.advance(timedelta(seconds=29.9))
        return now


def post(bench: Bench, body: bytes = b"{}") -> RawAnswer:
    return bench.transport.post(a_connected_shop(), body)


def bench_at(url: str, timeout: float = 30, clock: Clock | None = None) -> Bench:
    return Bench(url=url, timeout=timeout, clock=clock or RealClock())


class TestTheTimeOfAnAnswer:
    def test_is_what_the_other_side_says(self) -> None:
        answer = RawAnswer(200, {"Date": "Mon, 23 Nov 2026 12:00:07 GMT"}, b"")
        assert answer.said_at == datetime(2026, 11, 23, 12, 0, 7, tzinfo=UTC)

    @pytest.mark.parametrize(
        "said",
        [
            None,
            "",
            "now",
            "Mon, 23 Nov 2026 12:00:07 -0000",
            "Mon, 99 Nov 2026 12:00:07 GMT",
            "Mon, 23 Nov 99999 12:00:07 GMT",
            "Mon, 01 Jan 0100 00:00:00 GMT",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Fri, 31 Dec 9999 23:59:59 -1200",
            "Mon, 01 Jan 0001 00:00:00 +1200",
            "2026-11-23T12:00:07Z",
            ", , ,",
        ],
    )
    def test_is_unknown_if_that_is_no_time(self, said: str | None) -> None:
        headers = {} if said is None else {"Date": said}
        assert RawAnswer(200, headers, b"").said_at is None


class TestARequest:
    @responses.activate
    def test_goes_to_the_shop_with_its_token(self) -> None:
        responses.post(ENDPOINT, body=b'{"data": {}}', headers={"X-Request-Id": "7"})
        answer = post(Bench(), b'{"query": "{}"}')
        (call,) = responses.calls
        assert call.request.headers["X-Shopify-Access-Token"] == TOKEN
        assert call.request.headers["Content-Type"] == "application/json"
        assert call.request.headers["Accept-Encoding"] == "gzip"
        assert (answer.status, answer.body) == (200, b'{"data": {}}')
        assert answer.headers["x-request-id"] == "7"

    @responses.activate
    def test_carries_the_token_nowhere_but_in_its_header(self) -> None:
        responses.post(ENDPOINT, body=b"{}")
        post(Bench())
        request = responses.calls[0].request
        others = {name: value for name, value in request.headers.items() if value != TOKEN}
        assert TOKEN not in f"{request.url} {others} {request.body!r}"

    def test_reads_no_proxies_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        with raw_server(HEAD % 2, b"{}") as server:
            assert post(bench_at(server.url)).body == b"{}"

    @pytest.mark.parametrize("token", ["shpat_\n", "shpat_ä", "two tokens", "\x00"])
    def test_is_not_made_with_a_token_that_fits_into_no_header(self, token: str) -> None:
        with pytest.raises(Permanent) as raised:
            Bench().transport.post(a_connected_shop(token=token), b"{}")
        assert raised.value.reason is Reason.SHOP_UNAUTHORIZED
        assert token not in "".join(traceback.format_exception(raised.value))

    def test_keeps_its_connection_for_the_next_one(self) -> None:
        with raw_server(HEAD % 2 + b"{}", each=2) as server:
            bench = bench_at(server.url)
            assert [post(bench).body, post(bench).body] == [b"{}", b"{}"]
        assert server.connections == 1

    @responses.activate
    def test_for_a_resource_carries_its_parameters_and_the_token_in_its_header(self) -> None:
        responses.get(f"{ADMIN}/orders.json", body=b"{}")
        Bench().transport.get(a_connected_shop(), "orders", {"order": "updated_at asc"})
        request = responses.calls[0].request
        assert str(request.url) == f"{ADMIN}/orders.json?order=updated_at+asc"
        assert request.headers["X-Shopify-Access-Token"] == TOKEN
        assert "Content-Type" not in request.headers
        assert request.body is None

    @responses.activate
    def test_for_a_resource_follows_no_redirect(self) -> None:
        away = {"Location": "https://evil.example/"}
        responses.get(f"{ADMIN}/orders.json", status=302, headers=away)
        answer = Bench().transport.get(a_connected_shop(), "orders", {})
        assert (answer.status, len(responses.calls)) == (302, 1)

    @responses.activate
    def test_keeps_no_cookies(self) -> None:
        responses.post(ENDPOINT, body=b"{}", headers={"Set-Cookie": "_shopify_y=1; path=/"})
        bench = Bench()
        post(bench)
        assert not bench.session.cookies


class TestAnAnswer:
    def test_is_decompressed(self) -> None:
        body = gzip.compress(b'{"data": {}}')
        head = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") % len(body)
        with raw_server(head, body[:9], body[9:]) as server:
            assert post(bench_at(server.url)).body == b'{"data": {}}'

    def test_arrives_in_chunks(self) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        with raw_server(head, b'3\r\n{"a\r\n', b'5\r\n": 1}\r\n0\r\n\r\n') as server:
            assert post(bench_at(server.url)).body == b'{"a": 1}'

    @responses.activate
    def test_that_repeats_the_token_arrives_without_it(self) -> None:
        responses.post(ENDPOINT, status=403, body=json.dumps({"errors": f"no such token {TOKEN}"}))
        assert post(Bench()).body == b'{"errors": "no such token [access token]"}'

    @responses.activate
    def test_may_not_fill_the_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shopify_transport, "LARGEST_ANSWER", 1000)
        responses.post(ENDPOINT, body=b" " * 1001)
        with pytest.raises(PageTooLarge):
            post(Bench())


class TestARedirect:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_is_never_followed(self, status: int) -> None:
        with raw_server(HEAD % 2, b"{}") as elsewhere:
            location = f"http://127.0.0.1:{elsewhere.port}/stolen".encode()
            head = b"HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"
            with raw_server(head % (status, location)) as server:
                answer = post(bench_at(server.url))
            assert answer.status == status
            assert elsewhere.requests == []


class TestTheTimeOut:
    def test_covers_a_body_that_trickles(self) -> None:
        with raw_server(HEAD % 1000, *[b" "] * 1000, gap=0.03) as server:
            began = time.monotonic()
            with pytest.raises(TimedOut) as raised:
                post(bench_at(server.url, timeout=0.15))
            assert 0.1 < time.monotonic() - began < 5
        assert raised.value.message == "Shopify did not answer within 0.15 s"

    def test_covers_a_body_that_stops(self) -> None:
        with raw_server(HEAD % 1000, b"{", b"}", gap=0.1) as server, pytest.raises(TimedOut):
            post(bench_at(server.url, timeout=0.15))

    def test_covers_the_body_of_a_redirect(self) -> None:
        head = HEAD.replace(b"200 OK", b"302 Found\r\nLocation: http://127.0.0.1:1/") % 1000
        with raw_server(head, *[b" "] * 1000, gap=0.03) as server, pytest.raises(TimedOut):
            post(bench_at(server.url, timeout=0.15))

    def test_leaves_the_socket_only_what_is_left_of_it(self) -> None:
        clock = NearlyOver()
        with raw_server(HEAD % 1000, b"{", gap=2) as server, pytest.raises(TimedOut):
            post(bench_at(server.url, clock=clock))

    def test_covers_an_answer_that_never_begins(self) -> None:
        with raw_server(b"", b"", gap=5) as server, pytest.raises(TimedOut):
            post(bench_at(server.url, timeout=0.1))

    @responses.activate
    def test_of_a_connection_that_is_not_made_says_nothing_about_the_page(self) -> None:
        responses.post(ENDPOINT, body=requests.ConnectTimeout())
        with pytest.raises(Transient, match="no connection in time") as raised:
            post(Bench())
        assert not isinstance(raised.value, TimedOut)


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


class TestABrokenConnection:
    def test_that_is_refused_is_transient(self) -> None:
        with pytest.raises(Transient, match="connection refused"):
            post(bench_at(f"http://127.0.0.1:{unused_port()}/{{shop}}"))

    def test_that_closes_before_the_answer_is_transient(self) -> None:
        with raw_server() as server, pytest.raises(Transient, match="connection reset"):
            post(bench_at(server.url))

    def test_that_closes_in_the_body_is_transient(self) -> None:
        with raw_server(HEAD % 1000, b"{") as server, pytest.raises(Transient, match="cut off"):
            post(bench_at(server.url))

    def test_that_closes_between_chunks_is_transient(self) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        with raw_server(head, b"2\r\n{}\r\n") as server, pytest.raises(Transient):
            post(bench_at(server.url))

    def test_that_speaks_no_http_is_transient(self) -> None:
        with raw_server(b"SSH-2.0-OpenSSH_9.2\r\n") as server, pytest.raises(Transient):
            post(bench_at(server.url))

    def test_that_garbles_the_compression_is_transient(self) -> None:
        head = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") % 4
        with raw_server(head, b"{}{}") as server, pytest.raises(Transient, match="decompressed"):
            post(bench_at(server.url))

    @responses.activate
    @pytest.mark.parametrize(
        ("error", "meaning"),
        [
            (requests.exceptions.SSLError(), "no secure connection"),
            (requests.ConnectionError(ConnectionResetError()), "no connection"),
            (requests.exceptions.InvalidURL(), "InvalidURL"),
            (urllib3.exceptions.HTTPError(), "HTTPError"),
        ],
    )
    def test_is_named_by_its_class(self, error: Exception, meaning: str) -> None:
        responses.post(ENDPOINT, body=error)
        with pytest.raises(Transient, match=meaning):
            post(Bench())

    def test_leaves_the_token_out_of_every_text(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("DEBUG")
        with pytest.raises(Failure) as raised:
            post(bench_at(f"http://127.0.0.1:{unused_port()}/{{shop}}"))
        texts = (repr(raised.value), *traceback.format_exception(raised.value), caplog.text)
        assert TOKEN not in "".join(texts)


class TestASession:
    def test_has_a_connection_for_every_thread(self) -> None:
        adapter = shopify_session(12).adapters["https://"]
        assert adapter.poolmanager.connection_pool_kw["maxsize"] == 12  # type: ignore[attr-defined]  # requests' adapter is untyped here
        assert adapter.max_retries.total == 0  # type: ignore[attr-defined]  # same


class TestAnAddress:
    def test_is_the_shops_endpoint_of_one_version(self) -> None:
        assert Bench().transport.api.address(a_connected_shop()) == ENDPOINT

    @pytest.mark.parametrize("shop", [f"{SHOP}\n", "evil.example.com/x", f"{SHOP}@evil.example"])
    def test_is_never_anything_but_a_shops(self, shop: str) -> None:
        connected = a_connected_shop()
        object.__setattr__(connected, "shop", shop)
        with pytest.raises(ValueError, match="a shop is named like"):
            Bench().transport.api.address(connected)
