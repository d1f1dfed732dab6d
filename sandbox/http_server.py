"""An HTTP/1.1 server on this machine that keeps connections alive and ends when told to."""

import socket
import struct
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from selectors import EVENT_READ, DefaultSelector
from threading import Event, Lock, Thread
from typing import Any, Self

HOST = "127.0.0.1"
RESET = struct.pack("ii", 1, 0)


class QuietHandler(BaseHTTPRequestHandler):
    """One connection of a client, kept alive, without an access log."""

    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1

    def body(self) -> bytes:
        """The whole body of the request; ConnectionError if the client is gone before its end."""
        length = int(self.headers.get("Content-Length") or 0)
        read = self.rfile.read(length)
        if len(read) < length:
            raise ConnectionResetError("the client hung up in the middle of its request")
        return read

    def respond(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Send a whole response."""
        self.start_response(status, headers, len(body))
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def start_response(self, status: int, headers: dict[str, str], length: int) -> None:
        """Send the head of a response whose body is that long."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def reset(self) -> None:
        """Break the connection off, the way a crashing peer does."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it overrides
        """Say nothing: a demo's terminal is not an access log."""


class LocalServer:
    """Listens on this machine only; serves from `start` until `stop`.

    `ending` is set first thing in `stop`: whatever waits inside a request waits for it too.
    """

    def __init__(self, handler: type[QuietHandler], port: int, ending: Event) -> None:
        self.ending = ending
        self._server = _Connections((HOST, port), handler)
        self._thread = Thread(target=self._server.serve_until_told, daemon=True)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.server_address[1]}"

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        """End every wait and every connection; returns when all threads have ended, again too."""
        self.ending.set()
        if self._thread.is_alive():
            self._server.tell_to_end()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Connections(ThreadingHTTPServer):
    """A thread a connection, and it knows those that are open. It ends at once, without polling."""

    timeout = 0.1
    """Seconds to wait for a connection that has gone away again before it was accepted."""
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[QuietHandler]) -> None:
        self._told, self._tells = socket.socketpair()
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__(address, handler)

    def serve_until_told(self) -> None:
        with DefaultSelector() as selector:
            selector.register(self, EVENT_READ)
            selector.register(self._told, EVENT_READ)
            while self._told not in {key.fileobj for key, _ in selector.select()}:
                self.handle_request()

    def tell_to_end(self) -> None:
        self._tells.send(b"\0")

    def server_close(self) -> None:
        super().server_close()
        self._told.close()
        self._tells.close()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(RESET)) == RESET:
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong here; clients that hang up or are killed are business as usual."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        with self._lock:
            connections = tuple(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
