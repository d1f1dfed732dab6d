"""The HTTP server of the simulated Shopify.

POST http://127.0.0.1:PORT/{shop}/admin/api/{version}/graphql.json
GET  http://127.0.0.1:PORT/{shop}/admin/api/{version}/orders.json, …/orders/count.json
GET  http://127.0.0.1:PORT/{shop}/admin/oauth/access_scopes.json
POST http://127.0.0.1:PORT/{shop}/admin/oauth/access_token
GET  http://127.0.0.1:PORT/_sandbox
"""

import gzip
import json
import re
import uuid
from collections.abc import Mapping
from typing import ClassVar, Self
from urllib.parse import parse_qsl, urlsplit

import msgspec

from sandbox.http_server import LocalServer, QuietHandler
from sandbox.shopify import bad_answers, rest_faults
from sandbox.shopify.api import Answer, Api, Request
from sandbox.shopify.bad_answers import Response, as_json
from sandbox.shopify.control import Control
from sandbox.shopify.downloads import DownloadServer
from sandbox.shopify.faults import GRANT_FAULTS, Fault, Switch
from sandbox.shopify.rest_api import RestRequest, access_scopes
from sandbox.shopify.schema import VERSION
from sandbox.shopify.tokens import REFUSALS
from sandbox.shopify.world import World

GRAPHQL = re.compile(r"/(?P<shop>[^/]+)/admin/api/(?P<version>[^/]+)/graphql\.json")
REST = re.compile(
    r"/(?P<shop>[^/]+)/admin/(?:api/(?P<version>[^/]+)/(?P<resource>.+)|oauth/access_scopes)\.json"
)
GRANT = re.compile(r"/(?P<shop>[^/]+)/admin/oauth/access_token")
COMPRESSED_FROM = 1_000
SERVED_INSTEAD = "2026-01"
HARMLESS = frozenset(
    {
        Fault.SLOW,
        Fault.OTHER_VERSION,
        Fault.PROTECTED_DATA,
        Fault.NEXT_FIRST,
        Fault.OWN_LINK,
        Fault.NO_CALL_LIMIT,
        Fault.NULL_FIELDS,
        Fault.IGNORED_FILTER,
    }
)
"""A page that is spoilt like this is sent whole all the same."""


class Handler(QuietHandler):
    """One connection of a client of Shopify's."""

    world: ClassVar[World]

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The `Date` of an answer: the world's time."""
        return super().date_time_string(self.world.wall() if timestamp is None else timestamp)

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        body = self.body()
        if (grant := GRANT.fullmatch(self.path)) is not None:
            self._grant(grant["shop"], body)
            return
        found = GRAPHQL.fullmatch(self.path)
        if found is None:
            self._send(Control(self.world).handle(self.command, self.path, body))
            return
        self._serve(found, body)

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        found = REST.fullmatch(urlsplit(self.path).path)
        if found is None:
            self._send(Control(self.world).handle(self.command, self.path, b""))
            return
        self._serve(found, b"")

    def do_DELETE(self) -> None:  # noqa: N802 - http.server's name
        self._send(Control(self.world).handle(self.command, self.path, b""))

    def _serve(self, found: re.Match[str], body: bytes) -> None:
        request_id = str(uuid.uuid4())
        switch = self.world.faults.next_for(found["shop"])
        if switch is not None:
            self.world.ledger.request(found["shop"], switch.fault)
            self._misbehave(switch, found["shop"], request_id, body)
            return
        response, pages = self._answer(found["shop"], body)
        self.world.ledger.request(found["shop"], str(response.status))
        self.world.ledger.pages(found["shop"], pages)
        self._send(response, self._own_headers(request_id, found["version"] or VERSION))

    def _grant(self, shop: str, body: bytes) -> None:
        switch = self.world.faults.next_for(shop, GRANT_FAULTS)
        if switch is not None and switch.fault in REFUSALS:
            self._send(REFUSALS[switch.fault])
            return
        known = self.world.shops.find(shop) is not None
        answer = self.world.tokens.grant(shop, body) if known else bad_answers.no_such_shop()
        if switch is not None:
            self.reset()
            return
        self._send(answer)

    def _answer(self, shop: str, body: bytes) -> tuple[Response, tuple[str, ...]]:
        api = self.world.api(shop)
        if api is None:
            return bad_answers.no_such_shop(), ()
        token = self.headers.get("X-Shopify-Access-Token")
        refusal = self.world.tokens.refusal(api.storefront.shop, token)
        if refusal is not None:
            return refusal, ()
        if (asked := self._rest_request()) is not None:
            rest = self.world.rest(shop)
            scopes = access_scopes(api.storefront.shop), ()
            return rest.answer(asked) if rest and asked.resource else scopes
        answer = answer_to(api, body)
        if answer is None:
            return as_json(400, {"errors": {"query": "Required parameter missing or invalid"}}), ()
        return Response(200, msgspec.json.encode(answer.body)), answer.pages

    def _misbehave(self, switch: Switch, shop: str, request_id: str, body: bytes) -> None:
        headers = self._own_headers(request_id, VERSION)
        if switch.fault is Fault.RESET_BEFORE:
            self.reset()
            return
        if self.command == "GET":
            switch = rest_faults.as_rest(switch)
        canned = bad_answers.canned(switch, request_id)
        if canned is not None:
            self._send(canned, headers)
            return
        if switch.fault is Fault.SLOW and self.world.ending.wait(switch.delay):
            self.close_connection = True
            return
        if switch.fault is Fault.OTHER_VERSION:
            headers["X-Shopify-API-Version"] = switch.version
        response, pages = self._spoilt(switch.fault, shop, body)
        if switch.fault is Fault.RESET_IN_BODY:
            self.start_response(response.status, {**_head(response), **headers}, len(response.body))
            self.wfile.write(response.body[: len(response.body) // 2])
            self.reset()
            return
        if switch.fault in HARMLESS:
            self.world.ledger.pages(shop, pages)
        self._send(response, headers)

    def _spoilt(self, fault: Fault, shop: str, body: bytes) -> tuple[Response, tuple[str, ...]]:
        if fault is Fault.IGNORED_FILTER:
            self.path = self.path.replace("updated_at_m", "ignored_m")
            body = body.replace(b"updated_at:", b"ignored:")
        if (asked := self._rest_request()) is not None:
            return rest_faults.spoilt(fault, asked, lambda: self._answer(shop, body))
        api = self.world.api(shop)
        if api is not None and fault is Fault.THROTTLED:
            answer = answer_to(api, body, drained=True)
            return as_json(200, answer.body if answer else {}), ()
        response, pages = self._answer(shop, body)
        if fault is Fault.PROTECTED_DATA and response.status == 200:  # noqa: PLR2004 - HTTP's OK
            redacted = bad_answers.without_customers(json.loads(response.body))
            return as_json(200, redacted), pages
        if fault is Fault.HALF_A_BODY:
            return Response(200, response.body[: len(response.body) // 2]), ()
        return response, pages

    def _rest_request(self) -> RestRequest | None:
        """What a GET asks for, with an empty resource for the app's scopes; None for GraphQL."""
        parts = urlsplit(self.path)
        found = REST.fullmatch(parts.path)
        if self.command != "GET" or found is None:
            return None
        address = f"http://{self.headers['Host']}{parts.path}"
        return RestRequest(address, found["resource"] or "", dict(parse_qsl(parts.query)))

    def _own_headers(self, request_id: str, version: str) -> dict[str, str]:
        served = version if version == VERSION else SERVED_INSTEAD
        return {"X-Request-Id": request_id, "X-Shopify-API-Version": served}

    def _send(self, response: Response, headers: Mapping[str, str] | None = None) -> None:
        body, more = response.body, {**_head(response), **(headers or {})}
        if "gzip" in self.headers.get("Accept-Encoding", "") and len(body) > COMPRESSED_FROM:
            more["Content-Encoding"] = "gzip"
            body = response.compressed or gzip.compress(body, 1)
        self.respond(response.status, more, body)


def _head(response: Response) -> dict[str, str]:
    return {"Content-Type": response.content_type, **response.headers}


def answer_to(api: Api, body: bytes, *, drained: bool = False) -> Answer | None:
    """The answer to a request's body; None if that is no GraphQL request."""
    try:
        read = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    if not isinstance(read, dict) or not isinstance(read.get("query"), str):
        return None
    variables = read.get("variables") or {}
    if not isinstance(variables, dict):
        return None
    request = Request(read["query"], variables, read.get("operationName"))
    return api.answer(request, drained=drained)


class ShopifyServer(LocalServer):
    """The simulated Shopify; a shop's API is under `{url}/{shop}`.

    What bulk operations make is downloaded from another port.
    """

    def __init__(self, world: World, port: int = 0) -> None:
        self.world = world
        self.downloads = DownloadServer(world)
        super().__init__(type("BoundHandler", (Handler,), {"world": world}), port, world.ending)

    def start(self) -> Self:
        self.downloads.start()
        return super().start()

    def stop(self) -> None:
        super().stop()
        self.downloads.stop()
