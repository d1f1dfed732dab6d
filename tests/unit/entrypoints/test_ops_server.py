"""`/metrics`, `/healthz` and `/readyz` over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPConnection, HTTPResponse

import pytest

from entrypoints.ops_server import Answer, OpsServer, PortInUse, Verdict


class Switches:
    """What the pages say."""

    def __init__(self) -> None:
        self.verdict = Verdict(well=True, facts={"lastPollSeconds": 1.5})

    def health(self) -> Answer:
        return self.verdict.answer()

    def broken(self) -> Answer:
        raise ValueError("secret")


@pytest.fixture
def switches() -> Switches:
    return Switches()


@pytest.fixture
def server(switches: Switches) -> Iterator[OpsServer]:
    pages = {
        "/metrics": lambda: Answer(b"up 1\n"),
        "/healthz": switches.health,
        "/broken": switches.broken,
    }
    with OpsServer("127.0.0.1", 0, pages) as running:
        yield running


@pytest.fixture
def client(server: OpsServer) -> Iterator[HTTPConnection]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
    yield connection
    connection.close()


def ask(client: HTTPConnection, path: str, method: str = "GET") -> tuple[HTTPResponse, bytes]:
    client.request(method, path)
    response = client.getresponse()
    return response, response.read()


class TestOpsServer:
    def test_answers_with_the_page(self, client: HTTPConnection) -> None:
        response, body = ask(client, "/metrics?x=1")
        assert (response.status, body) == (200, b"up 1\n")
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"

    def test_says_ok_and_what_it_looked_at(self, client: HTTPConnection) -> None:
        response, body = ask(client, "/healthz")
        assert response.status == HTTPStatus.OK
        assert json.loads(body) == {"status": "ok", "lastPollSeconds": 1.5}

    def test_says_503_when_all_is_not_well(
        self, client: HTTPConnection, switches: Switches
    ) -> None:
        switches.verdict = Verdict(well=False, facts={"missing": ["queue"]})
        response, body = ask(client, "/healthz")
        assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
        assert json.loads(body) == {"status": "unavailable", "missing": ["queue"]}

    def test_answers_head_without_a_body(self, client: HTTPConnection) -> None:
        response, body = ask(client, "/metrics", "HEAD")
        assert (response.status, response.headers["Content-Length"], body) == (200, "5", b"")

    def test_keeps_the_connection(self, client: HTTPConnection) -> None:
        response, _ = ask(client, "/metrics")
        assert response.version == 11
        again, _ = ask(client, "/metrics")
        assert again.status == HTTPStatus.OK

    def test_knows_no_other_path(self, client: HTTPConnection) -> None:
        response, body = ask(client, "/admin")
        assert response.status == HTTPStatus.NOT_FOUND
        assert b"/metrics" in body

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
    def test_takes_no_other_method(self, client: HTTPConnection, method: str) -> None:
        response, _ = ask(client, "/metrics", method)
        assert response.status == HTTPStatus.METHOD_NOT_ALLOWED
        assert response.headers["Allow"] == "GET, HEAD"

    def test_survives_a_page_that_fails_and_tells_only_its_kind(
        self, client: HTTPConnection
    ) -> None:
        response, body = ask(client, "/broken")
        assert (response.status, body) == (500, b"failed: ValueError\n")
        assert ask(client, "/metrics")[0].status == HTTPStatus.OK

    def test_does_not_say_what_serves(self, client: HTTPConnection) -> None:
        assert "Server" not in ask(client, "/metrics")[0].headers

    def test_says_in_one_sentence_that_its_port_is_taken(self, server: OpsServer) -> None:
        with pytest.raises(PortInUse, match=rf"127\.0\.0\.1:{server.port} .*SYNC_HTTP_PORT"):
            OpsServer("127.0.0.1", server.port, {})
