"""One HTTP request to a shop's Admin API, from its bytes to the answer's."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from domain.failures import Outage, PageTooLarge, Permanent, Reason, TimedOut
from domain.ports import Clock
from domain.shops import ConnectedShop, shop_domain

LARGEST_ANSWER = 64 * 2**20
"""Bytes after decompression: a page of 250 orders is a few MB at most."""
LONGEST_CONNECT = 5.0
SHOPIFYS_BEGINNING = datetime(2006, 1, 1, tzinfo=UTC)
_CHUNK = 2**18
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class ShopifyApi:
    """Where the API is and how long it may take.

    `url` has `{shop}` for the shop's domain; `timeout` is in seconds, for the whole request.
    """

    url: str
    version: str
    timeout: float

    def address(self, shop: ConnectedShop) -> str:
        """The URL of the shop's GraphQL endpoint; ValueError unless the shop is a shop's domain."""
        return self.resource(shop, "graphql")

    def resource(self, shop: ConnectedShop, name: str) -> str:
        """The URL of a resource of the shop's, such as `orders/count`; ValueError likewise.

        One that begins with a slash is none of the versioned API's.
        """
        path = name if name.startswith("/") else f"/admin/api/{self.version}/{name}"
        return f"{self._root(shop)}{path}.json"

    def grants(self, shop: ConnectedShop) -> str:
        """The URL of the shop's token endpoint; ValueError likewise."""
        return f"{self._root(shop)}/admin/oauth/access_token"

    def homes(self, shop: ConnectedShop) -> tuple[str, str]:
        """What the shop may call itself in its answers; ValueError likewise.

        The address that we know it by, and its own: behind a proxy Shopify goes on saying that.
        """
        return self._root(shop), f"https://{shop_domain(shop.shop)}"

    def _root(self, shop: ConnectedShop) -> str:
        return self.url.replace("{shop}", shop_domain(shop.shop))


@dataclass(frozen=True, slots=True)
class _Sending:
    """A request: what a GET asks for, or what a POST carries."""

    method: Literal["GET", "POST"]
    url: str
    query: Mapping[str, str] | None = None
    body: bytes | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came back; names of headers are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def said_at(self) -> datetime | None:
        """When it was sent by the other side's clock, in whole seconds, in UTC.

        None if it does not say, or says a time at which there was no Shopify.
        """
        try:
            moment = parsedate_to_datetime(self.headers.get("Date", ""))
            known = None if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            return None
        return None if known is None or known < SHOPIFYS_BEGINNING else known


@dataclass(frozen=True, slots=True)
class ShopifyTransport:
    """Sends requests that end within the time-out, whatever the other side does.

    The head of the answer has to begin within the time-out, its body to be complete by then. The
    access token goes into one header and nowhere else: an answer that repeats it arrives without.
    """

    api: ShopifyApi
    session: requests.Session
    clock: Clock

    def post(self, shop: ConnectedShop, body: bytes) -> RawAnswer:
        """The answer of the shop's GraphQL endpoint, whatever its status. Raises as `get` does."""
        return self._signed(shop, _Sending("POST", self.api.address(shop), body=body))

    def get(self, shop: ConnectedShop, resource: str, query: Mapping[str, str]) -> RawAnswer:
        """The answer of one of the shop's REST resources, whatever its status.

        Raises TimedOut, Outage (no connection, one that broke), PageTooLarge (an answer above
        64 MB), Permanent shop-unauthorized (a token that fits into no header).
        """
        url = self.api.resource(shop, resource)
        return self._signed(shop, _Sending("GET", url, query=query))

    def grant(self, shop: ConnectedShop, body: bytes) -> RawAnswer:
        """The answer of the shop's token endpoint, whatever its status; it is sent no token.

        Raises TimedOut, Outage and PageTooLarge as `get` does.
        """
        return self._answer(_Sending("POST", self.api.grants(shop), body=body))

    def _signed(self, shop: ConnectedShop, sending: _Sending) -> RawAnswer:
        if not _TOKEN.fullmatch(shop.access_token):
            raise Permanent(
                Reason.SHOP_UNAUTHORIZED,
                "the shop's access token has characters that no token has: connect it again",
            )
        answer = self._answer(replace(sending, token=shop.access_token))
        body = answer.body.replace(shop.access_token.encode(), b"[access token]")
        return replace(answer, body=body)

    def _answer(self, sending: _Sending) -> RawAnswer:
        deadline = self.clock.monotonic() + self.api.timeout
        with _translated(self.api.timeout), self._sent(sending) as response:
            body = self._body(response, deadline)
            return RawAnswer(response.status_code, response.headers, body)

    def _sent(self, sending: _Sending) -> requests.Response:
        """The head of the answer, by the session's adapter.

        `Session.request` would first merge what is the same for every request: a third of its CPU.
        """
        request = requests.PreparedRequest()
        request.method, request.url, request.body = sending.method, sending.url, sending.body
        every: Any = self.session.headers
        request.headers = CaseInsensitiveDict(every)
        request.headers["Accept"] = "application/json"
        if sending.token is not None:
            request.headers["X-Shopify-Access-Token"] = sending.token
        if sending.query is not None:
            request.prepare_url(sending.url, sending.query)
        if sending.body is not None:
            request.headers["Content-Type"] = "application/json"
            request.headers["Content-Length"] = str(len(sending.body))
        return self.session.get_adapter(sending.url).send(
            request,
            stream=True,
            timeout=(min(LONGEST_CONNECT, self.api.timeout), self.api.timeout),
            verify=True,
        )

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while chunk := self._chunk(response.raw, deadline):
            chunks.append(chunk)
            size += len(chunk)
            if size > LARGEST_ANSWER:
                raise PageTooLarge("Shopify's answer is larger than 64 MB")
        return b"".join(chunks)

    def _chunk(self, raw: urllib3.HTTPResponse, deadline: float) -> bytes:
        """What has arrived, at least one byte until the end: `read` would wait for a whole chunk.

        The socket's time-out alone would be granted anew to every single byte.
        """
        left = deadline - self.clock.monotonic()
        if left <= 0:
            raise _timed_out(self.api.timeout)
        if (sock := getattr(raw.connection, "sock", None)) is not None:
            sock.settimeout(left)
        return raw.read1(_CHUNK, decode_content=True) or b""


def _timed_out(timeout: float) -> TimedOut:
    return TimedOut(Reason.SHOPIFY_ERROR, f"Shopify did not answer within {timeout:g} s")


@contextmanager
def _translated(timeout: float) -> Iterator[None]:
    """Where exceptions of requests and urllib3 become ours, by their class: never by their text.

    Their texts name the URL and addresses; no header, and so no token, is in them.
    """
    try:
        yield
    except requests.ConnectTimeout as error:
        raise _unreachable("no connection in time") from error
    except (requests.Timeout, urllib3.exceptions.ReadTimeoutError) as error:
        raise _timed_out(timeout) from error
    except (requests.exceptions.SSLError, urllib3.exceptions.SSLError) as error:
        raise _unreachable("no secure connection") from error
    except (requests.exceptions.ContentDecodingError, urllib3.exceptions.DecodeError) as error:
        raise _unreachable("the answer cannot be decompressed") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _unreachable(_meaning(error)) from error


def _unreachable(why: str) -> Outage:
    return Outage(Reason.SHOPIFY_ERROR, f"Shopify could not be reached: {why}")


_MEANINGS: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "connection refused"),
    (ConnectionResetError, "connection reset"),
    (socket.gaierror, "host name not found"),
    (urllib3.exceptions.NameResolutionError, "host name not found"),
    (urllib3.exceptions.IncompleteRead, "the answer was cut off"),
    (urllib3.exceptions.ProtocolError, "the connection broke"),
    (requests.ConnectionError, "no connection"),
)


def _meaning(error: BaseException) -> str:
    chain = tuple(_chain(error))
    for kind, meaning in _MEANINGS:
        if any(isinstance(each, kind) for each in chain):
            return meaning
    return f"the request failed ({type(error).__name__})"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
