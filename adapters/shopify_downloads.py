"""Files that Shopify keeps on another host, read in part.

The URL is signed and is all that the host needs: no token, no cookie and no redirect goes there.
What the host says about a request says nothing about the shop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
import urllib3

from domain.failures import Outage, Reason, TimedOut, Transient
from domain.ports import Clock

LONGEST_CONNECT = 5.0
_CHUNK = 2**17
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_SIZE = re.compile(r"\d+")
_SERVER_ERRORS = range(500, 600)


class Denied(Exception):
    """The host does not hand over the file: the URL is too old, or the file is gone."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file that is `total` bytes long, up to `end`; the chunks may be read once."""

    chunks: Iterator[bytes]
    start: int
    end: int
    total: int
    etag: str | None


@dataclass(frozen=True, slots=True)
class Downloads:
    """Reads parts of files within a time-out in seconds, whatever the other side does.

    Plain HTTP is for a Shopify that is itself reached by plain HTTP: a sandbox.
    """

    session: requests.Session = field(repr=False)
    """One that sends nothing by itself, and that no token was ever given to."""
    clock: Clock
    timeout: float
    plain: bool = False

    @contextmanager
    def part(self, url: str, start: int, most: int) -> Iterator[Part]:
        """At most so many bytes of the file from there on; what is not read is not fetched.

        Raises Denied, TimedOut, Outage (no connection, one that broke, HTTP 5xx) and Transient for
        an answer that is not the part that was asked for.
        """
        self._refuse_unsafe(url)
        deadline = self.clock.monotonic() + self.timeout
        with self._translated(), self._asked(url, start, most) as response:
            first, end, total = _extent(response, start)
            chunks = self._chunks(response.raw, deadline)
            yield Part(chunks, first, end, total, response.headers.get("ETag"))

    def _refuse_unsafe(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (self.plain and parts.scheme == "http"):
            raise _unusable("its address is not https")
        if parts.username or parts.password or not parts.hostname:
            raise _unusable("its address is none of a file")

    def _asked(self, url: str, start: int, most: int) -> requests.Response:
        return self.session.get(
            url,
            headers={
                "Range": f"bytes={start}-{start + most - 1}",
                "Accept-Encoding": "identity",  # places in the file are those of its own bytes
            },
            timeout=(min(LONGEST_CONNECT, self.timeout), self.timeout),
            stream=True,
            allow_redirects=False,
        )

    def _chunks(self, raw: urllib3.HTTPResponse, deadline: float) -> Iterator[bytes]:
        while chunk := self._chunk(raw, deadline):
            yield chunk

    def _chunk(self, raw: urllib3.HTTPResponse, deadline: float) -> bytes:
        """The socket's time-out alone would be granted anew to every single byte."""
        left = deadline - self.clock.monotonic()
        if left <= 0:
            raise self._timed_out()
        if (sock := getattr(raw.connection, "sock", None)) is not None:
            sock.settimeout(left)
        return raw.read1(_CHUNK, decode_content=False) or b""

    def _timed_out(self) -> TimedOut:
        text = f"a bulk operation's file did not arrive within {self.timeout:g} s"
        return TimedOut(Reason.SHOPIFY_ERROR, text)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Where exceptions of requests and urllib3 become ours: their texts name the signed URL."""
        try:
            yield
        except (requests.Timeout, urllib3.exceptions.ReadTimeoutError) as error:
            raise self._timed_out() from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Outage(
                Reason.SHOPIFY_ERROR, "a bulk operation's file could not be read: no connection"
            ) from error


def _extent(response: requests.Response, start: int) -> tuple[int, int, int]:
    """First byte, end and size of the whole file; raises what the answer stands for otherwise."""
    status = response.status_code
    if status in _SERVER_ERRORS or status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Outage(
            Reason.SHOPIFY_ERROR, f"a bulk operation's file could not be read (HTTP {status})"
        )
    if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        raise Denied(f"HTTP {status}")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise _unusable("it came compressed")
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if status == HTTPStatus.PARTIAL_CONTENT and found is not None and int(found[1]) == start:
        return start, int(found[2]) + 1, int(found[3])
    whole = _SIZE.fullmatch(response.headers.get("Content-Length", ""))
    if status == HTTPStatus.OK and start == 0 and whole is not None:
        return 0, int(whole[0]), int(whole[0])
    raise _unusable("it is not the part that was asked for")


def _unusable(what: str) -> Transient:
    return Transient(Reason.SHOPIFY_ERROR, f"a bulk operation's file cannot be read: {what}")
