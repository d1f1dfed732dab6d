"""The host that results of bulk operations are downloaded from: not Shopify's, and no token's.

GET http://127.0.0.1:ANOTHER_PORT/{shop}/{number}/result.jsonl?Expires=…&Signature=…

Answers like Google Cloud Storage: ranges, ETags, and XML where a signature is wrong or too old.
Every request is kept on record, with whether it brought an access token or a cookie.
"""

import hmac
import re
import secrets
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from sandbox.http_server import LocalServer, QuietHandler
from sandbox.shopify.bulk_operations import Operation, Pace, Seconds
from sandbox.shopify.faults import DOWNLOAD_FAULTS, Fault

if TYPE_CHECKING:
    from sandbox.shopify.world import World

PATH = re.compile(r"/(?P<shop>[^/]+)/(?P<number>\d+)/(?P<name>result|partial)\.jsonl")
RANGE = re.compile(r"bytes=(?P<first>\d+)-(?P<last>\d*)")
PARENT = re.compile(rb'("__parentId":"gid://shopify/Order/\d*)(\d)"')
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Download:
    """One request to the download host, and what it brought along that it should not."""

    shop: str
    status: int
    first: int
    token: bool
    cookie: bool


class Downloads:
    """Signs the URLs of results and keeps the requests for them on record."""

    def __init__(self) -> None:
        self.root = ""
        self.pace = Pace()
        self._key = secrets.token_bytes(16)
        self._requests: deque[Download] = deque(maxlen=REMEMBERED)
        self._lock = Lock()

    def url(self, shop: str, operation: Operation, wall: Seconds, *, partial: bool) -> str:
        """Good for `pace.url_life` seconds from now."""
        path = f"/{shop}/{operation.number}/{'partial' if partial else 'result'}.jsonl"
        expires = str(int(wall() + self.pace.url_life))
        query = urlencode({"Expires": expires, "Signature": self.signature(path, expires)})
        return f"{self.root}{path}?{query}"

    def signature(self, path: str, expires: str) -> str:
        return hmac.new(self._key, f"{path} {expires}".encode(), "sha256").hexdigest()

    def note(self, request: Download) -> None:
        with self._lock:
            self._requests.append(request)

    def requests(self) -> tuple[Download, ...]:
        with self._lock:
            return tuple(self._requests)

    def state(self) -> dict[str, Any]:
        return {"pace": asdict(self.pace), "requests": [asdict(each) for each in self.requests()]}


class DownloadHandler(QuietHandler):
    """One connection of somebody who downloads."""

    world: ClassVar["World"]

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        parts = urlsplit(self.path)
        found, signed = PATH.fullmatch(parts.path), parse_qs(parts.query)
        operation = self._operation(found)
        switch = found and self.world.faults.next_for(found["shop"], DOWNLOAD_FAULTS)
        fault = switch.fault if switch else None
        if found is None or operation is None:
            self._refuse(404, "NoSuchKey", "The specified key does not exist.")
        elif fault is Fault.DOWNLOAD_UNAVAILABLE:
            self._refuse(503, "ServiceUnavailable", "Service unavailable. Please retry.")
        elif not self._is_signed(parts.path, signed):
            self._refuse(403, "SignatureDoesNotMatch", "Access denied.")
        elif fault is Fault.URL_EXPIRED or int(signed["Expires"][0]) < self.world.wall():
            self._refuse(400, "ExpiredToken", "The provided token has expired.")
        else:
            self._send(operation, found["name"], fault)

    def _operation(self, found: re.Match[str] | None) -> Operation | None:
        api = self.world.api(found["shop"]) if found else None
        if found is None or api is None or api.storefront.bulk is None:
            return None
        return api.storefront.bulk.find(int(found["number"]))

    def _is_signed(self, path: str, signed: dict[str, list[str]]) -> bool:
        expires, given = signed.get("Expires", [""])[0], signed.get("Signature", [""])[0]
        right = self.world.downloads.signature(path, expires)
        return expires.isdecimal() and hmac.compare_digest(right, given)

    def _send(self, operation: Operation, name: str, fault: Fault | None) -> None:
        size = operation.file.size
        total = size // 2 if name == "partial" else size
        first, last = self._range(total, fault)
        if first >= total:
            self._refuse(416, "InvalidRange", "The requested range cannot be satisfied.")
            return
        version = "2" if fault is Fault.FILE_CHANGED else "1"
        headers = {
            "Content-Type": "application/jsonl",
            "ETag": f'"{operation.number:x}-{total:x}-{version}"',
            "Accept-Ranges": "bytes",
        }
        partly = (first, last) != (0, total - 1) or fault is not Fault.RANGE_IGNORED
        if partly:
            headers["Content-Range"] = f"bytes {first}-{last}/{total}"
        self._note(206 if partly else 200, first)
        self.start_response(206 if partly else 200, headers, last + 1 - first)
        for piece in _spoilt(operation.file.read(first, last + 1), fault):
            if fault is Fault.DOWNLOAD_RESET:
                self.wfile.write(piece[: len(piece) // 2])
                self.reset()
                return
            self.wfile.write(piece)
        self.wfile.flush()

    def _range(self, total: int, fault: Fault | None) -> tuple[int, int]:
        asked = RANGE.fullmatch(self.headers.get("Range", ""))
        if asked is None or fault is Fault.RANGE_IGNORED:
            return 0, total - 1
        last = int(asked["last"]) if asked["last"] else total - 1
        return int(asked["first"]), min(last, total - 1)

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._note(status, 0)
        body = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code>"
        body += f"<Message>{message}</Message></Error>"
        headers = {"Content-Type": "application/xml; charset=UTF-8"}
        self.respond(status, headers, body.encode())

    def _note(self, status: int, first: int) -> None:
        tokens = {shop.token for shop in self.world.shops.all()}
        sent = {value for _, value in self.headers.items()}
        token = "X-Shopify-Access-Token" in self.headers or any(
            token in value for token in tokens for value in sent
        )
        shop = self.path.split("/")[1]
        self.world.downloads.note(Download(shop, status, first, token, "Cookie" in self.headers))


class DownloadServer(LocalServer):
    """The download host of one sandbox."""

    def __init__(self, world: "World") -> None:
        handler = type("BoundDownloads", (DownloadHandler,), {"world": world})
        super().__init__(handler, 0, world.ending)
        world.downloads.root = self.url


def _spoilt(pieces: Iterator[bytes], fault: Fault | None) -> Iterator[bytes]:
    """The same number of bytes, with one thing wrong in the first piece where it can be."""
    done = fault not in (Fault.STRAY_CHILD, Fault.CUT_LINE)
    for piece in pieces:
        if done:
            yield piece
        elif fault is Fault.CUT_LINE and b"}\n" in piece:
            done = True
            yield piece.replace(b"}\n", b"\n\n", 1)
        elif fault is Fault.STRAY_CHILD and PARENT.search(piece):
            done = True
            yield PARENT.sub(_another_parent, piece, count=1)
        else:
            yield piece


def _another_parent(found: re.Match[bytes]) -> bytes:
    return found[1] + (b"0" if found[2] != b"0" else b"1") + b'"'
