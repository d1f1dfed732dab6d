"""An HTTP/1.1 answer as it comes through a connection."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_PIECE = 2**16
_LARGEST_HEAD = 2**16
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: .*)?")
_LENGTH = re.compile(r"([0-9]{1,18})(, *\1)*")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
_INFORMATIONAL = 200
_NO_CONTENT = 204


class Unreadable(Exception):
    """The answer ended too early, or is no answer; says which."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """`headers` by their names in lower case; `last` if the connection ends with it."""

    status: int
    headers: dict[str, str]
    body: bytes
    last: bool


def answer_from(receive: Callable[[int], bytes]) -> HttpAnswer:
    """The next answer of a connection, whose `receive` gives what came, and nothing at its end.

    Raises `Unreadable`, and whatever `receive` does. Source: RFC 9112, sections 4 to 7.
    """
    stream = _Stream(receive)
    status, headers, keeps = _head(stream.until(b"\r\n\r\n"))
    while status < _INFORMATIONAL:  # "100 Continue" announces the answer
        status, headers, keeps = _head(stream.until(b"\r\n\r\n"))
    length = headers.get("content-length")
    if status == _NO_CONTENT:
        body = b""
    elif "chunked" in headers.get("transfer-encoding", "").lower():
        body = b"".join(_chunks(stream))
    elif not length:
        body, keeps = stream.rest(), False
    elif _LENGTH.fullmatch(length):
        body = stream.exactly(int(length.partition(",")[0]))
    else:
        raise Unreadable("the answer's length is no number")
    # Where more came than that, the next answer could not be told from it.
    return HttpAnswer(status, headers, body, last=not keeps or bool(stream.came))


def _head(text: bytes) -> tuple[int, dict[str, str], bool]:
    """Status and headers, and whether the connection is kept."""
    first, *lines = text.split(b"\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise Unreadable("what came is no HTTP answer")
    headers = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon and not name[:1].isspace():  # else it goes on with the one before, or is none
            headers[name.lower()] = value.strip()
    wish = headers.get("connection", "").lower()
    return int(status[2]), headers, status[1] == b"1" and wish != "close"


def _chunks(stream: _Stream) -> Iterator[bytes]:
    while True:
        size = _CHUNK.fullmatch(stream.until(b"\r\n"))
        if size is None:
            raise Unreadable("a chunk of the answer does not say how long it is")
        length = int(size[1], 16)
        if length == 0:
            break
        yield stream.exactly(length)
        if stream.until(b"\r\n"):
            raise Unreadable("a chunk of the answer is longer than it says")
    while stream.until(b"\r\n"):
        """Trailers say nothing that is asked for here."""


class _Stream:
    """What came and was not taken yet, and what will come."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive = receive
        self.came = b""

    def until(self, mark: bytes) -> bytes:
        """What stands before the mark; the mark is taken, too."""
        while (end := self.came.find(mark)) < 0:
            if len(self.came) > _LARGEST_HEAD:
                raise Unreadable("the answer's headers do not end")
            self.came += self._more()
        found, self.came = self.came[:end], self.came[end + len(mark) :]
        return found

    def exactly(self, length: int) -> bytes:
        parts, size = [self.came], len(self.came)
        while size < length:
            parts.append(self._more())
            size += len(parts[-1])
        whole = b"".join(parts)
        self.came = whole[length:]
        return whole[:length]

    def rest(self) -> bytes:
        """Everything up to the connection's end."""
        parts, self.came = [self.came], b""
        while part := self._receive(_PIECE):
            parts.append(part)
        return b"".join(parts)

    def _more(self) -> bytes:
        part = self._receive(_PIECE)
        if not part:
            raise Unreadable("the connection ended before the answer did")
        return part
