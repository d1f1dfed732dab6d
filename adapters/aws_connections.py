"""Kept-alive connections to AWS's endpoints, which fail with botocore's own exceptions.

A POST of a small body with a small answer is all that they can do, and nothing of it is ever sent
twice. The standard library's and urllib3's clients take five times the CPU for it, most of it for
headers that nobody reads; libcurl by itself sends again where a kept connection breaks.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
from collections import deque
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from weakref import finalize

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
    SSLError,
)
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies

from adapters.aws_answers import HttpAnswer, Unreadable, answer_from

_PORTS = {"http": 80, "https": 443}


def pool_for(url: str, config: Any, ca_bundle: str | None) -> Pool | None:
    """Connections to the endpoint as the client's config wants them; None if botocore knows better.

    That is: through a proxy, with a certificate of our own, to another path than the root, or why
    there is none. `ca_bundle` is a file of certificates to trust; after it comes, as for botocore,
    REQUESTS_CA_BUNDLE, and then its own.
    """
    parts = urlsplit(url)
    proxied = config.client_cert or config.proxies or get_environ_proxies(url)
    if proxied or parts.path.strip("/") or parts.scheme not in _PORTS:
        return None
    if parts.scheme == "http":
        return Pool(url, config, None)
    trusted = ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE") or get_cert_path(True)
    try:
        tls = ssl.create_default_context(cafile=trusted)
    except OSError:  # no such file, or one without certificates
        return None
    return Pool(url, config, tls)


class Pool:
    """Connections to one endpoint, for many threads: whoever needs one takes one that is idle."""

    def __init__(self, url: str, config: Any, tls: ssl.SSLContext | None) -> None:
        parts = urlsplit(url)
        self.url = url
        self.host = _host(url)
        self._config = config
        self._tls = tls
        self._address = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
        agent = f"User-Agent: {config.user_agent}\r\n" if config.user_agent else ""
        always = f"Host: {self.host}\r\nAccept-Encoding: identity\r\n{agent}"
        self._head = f"POST / HTTP/1.1\r\n{always}"
        self._idle: deque[socket.socket] = deque()
        finalize(self, _close_all, self._idle)

    def post(self, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """The answer, whatever its status. Raises botocore's `HTTPClientError`s."""
        head = self._head_of(headers, body)
        connection = self._idle_one() or self._connected()
        try:
            whole = _sent(connection, head + body)
            answer = answer_from(connection.recv)
        except BaseException as error:
            connection.close()
            if isinstance(error, TimeoutError):
                raise ReadTimeoutError(endpoint_url=self.url, error=error) from error
            if isinstance(error, OSError | Unreadable):
                raise ConnectionClosedError(endpoint_url=self.url, error=error) from error
            raise
        if whole and not answer.last and len(self._idle) < self._config.max_pool_connections:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    def _head_of(self, headers: Mapping[str, str], body: bytes) -> bytes:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if lines.count("\n") != len(headers) or not lines.isascii():  # of credentials: never shown
            raise HTTPClientError(error=ValueError("a header's value fits into no header"))
        return f"{self._head}{lines}Content-Length: {len(body)}\r\n\r\n".encode()

    def _idle_one(self) -> socket.socket | None:
        """One that the other side has not ended meanwhile."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if not _is_readable(connection):
                return connection
            connection.close()

    def _connected(self) -> socket.socket:
        try:
            connection = socket.create_connection(self._address, self._config.connect_timeout)
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=self.url, error=error) from error
        except OSError as error:
            raise EndpointConnectionError(endpoint_url=self.url, error=error) from error
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._config.tcp_keepalive:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_hostname=self._address[0])
            connection.settimeout(self._config.read_timeout)
        except TimeoutError as error:
            connection.close()
            raise ConnectTimeoutError(endpoint_url=self.url, error=error) from error
        except OSError as error:
            connection.close()
            raise SSLError(endpoint_url=self.url, error=error) from error
        return connection


def _sent(connection: socket.socket, request: bytes) -> bool:
    """Whether all of it was sent: who refuses it by its head answers, and reads no further."""
    try:
        connection.sendall(request)
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


def _host(url: str) -> str:
    """As HTTP's `Host` header has it: without the scheme's own port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in {None, _PORTS.get(parts.scheme)} else f"{host}:{parts.port}"


def _is_readable(connection: socket.socket) -> bool:
    """Whether something came although nothing was asked: most often its end."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _close_all(connections: deque[socket.socket]) -> None:
    for connection in connections:
        connection.close()
