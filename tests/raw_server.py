"""An HTTP server that answers with the very bytes it is told to, as slowly as it is told to."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


@dataclass(slots=True)
class RawServer:
    """Answers requests with the pieces, `gap` seconds apart; closes after `each` of them."""

    pieces: tuple[bytes, ...]
    gap: float = 0.0
    each: int = 1
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    ending: Event = field(default_factory=Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{{shop}}"

    def serve(self, listening: socket.socket) -> None:
        while not self.ending.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            self.connections += 1
            with connection:
                for _ in range(self.each):
                    self.requests.append(_request(connection))
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        for piece in self.pieces:
            try:
                connection.sendall(piece)
            except OSError:  # the client has had enough
                return
            if self.ending.wait(self.gap):
                return


def _request(connection: socket.socket) -> bytes:
    """All of it: closing with something unread would reset the connection."""
    read = b""
    while chunk := connection.recv(65_536):
        read += chunk
        length = re.search(rb"content-length: (\d+)", read.lower())
        head, _, body = read.partition(b"\r\n\r\n")
        if head != read and len(body) >= (int(length[1]) if length else 0):
            break
    return read


@contextmanager
def raw_server(*pieces: bytes, gap: float = 0.0, each: int = 1) -> Iterator[RawServer]:
    """A server on this machine until the context ends."""
    server = RawServer(pieces, gap, each)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.02)
        server.port = listening.getsockname()[1]
        thread = Thread(target=server.serve, args=(listening,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.ending.set()
            thread.join(5)
