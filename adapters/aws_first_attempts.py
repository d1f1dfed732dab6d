"""The first attempt of a call to AWS, without what botocore does around one.

A small call costs botocore ten times the CPU that signing, sending and reading take. So the first
attempt is made here, and an answer that is a plain success is the call's. Anything else (an error,
an answer that cannot be read or whose checksum is wrong, no answer) is handed to botocore as what
its own first attempt met: which error that is, whether, how often and after which pause it is
tried again stays botocore's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import local
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec
from botocore import xform_name
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import HTTPClientError

from adapters.aws_answers import HttpAnswer
from adapters.aws_connections import Pool, pool_for
from adapters.aws_signatures import Signer

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.client import BaseClient
    from botocore.credentials import Credentials

USER_AGENT = "shopify-sync"
"""For a client's config. Botocore puts its own together anew for every call: a twentieth of it."""
_OK = 200
_SCOPE = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request,"
)
_BINARY = re.compile(rb'"(?:BS?|BinaryValue)"\s*:')
"""What botocore undoes the base64 of, in DynamoDB's answers and in SQS's."""


def attempt_first(client: BaseClient, session: Session, *operations: str) -> None:
    """Make the first attempts of these operations here; the service must have a JSON protocol.

    Botocore makes the client's first call: where it sends that, and for which region and service it
    signs, is where all others go. Answers have no `ResponseMetadata`, and events are emitted only
    for what botocore sends. The client must not be in use by another thread yet. Without
    credentials, and where only botocore knows the way (`pool_for`), botocore makes every attempt.
    """
    credentials = session.get_credentials()
    if credentials is None:
        return
    # boto3 hands over neither botocore's session nor what that read in its files.
    ca_bundle = session._session.get_config_variable("ca_bundle")  # noqa: SLF001
    model: Any = client.meta.service_model
    way = _Way(credentials, client.meta.config, ca_bundle, model)
    for operation in operations:
        name, target = xform_name(operation), f"{model.metadata['targetPrefix']}.{operation}"
        setattr(client, name, _FirstAttempt(target, way, getattr(client, name)))
    before_send: Any = way.botocore_sends
    client.meta.events.register_first(f"before-send.{model.service_id.hyphenize()}", before_send)


def leave_to_botocore(client: BaseClient) -> None:
    """Undo `attempt_first`: botocore makes every attempt and emits all its events again."""
    for name, method in tuple(vars(client).items()):
        if isinstance(method, _FirstAttempt):
            delattr(client, name)


class _Way:
    """To where a client's requests go, as soon as botocore has sent one."""

    def __init__(
        self, credentials: Credentials, config: Any, ca_bundle: str | None, model: Any
    ) -> None:
        self._credentials = credentials
        self._config = config
        self._ca_bundle = ca_bundle
        self._model = model
        self.known: tuple[Pool, Signer] | None = None
        self._looked = False
        self.handed = local()
        """What this thread's first attempt met, for the time that botocore's call takes."""

    def botocore_sends(self, request: Any, **_: Any) -> AWSResponse | None:
        """Instead of sending for the first time botocore learns what came of that already."""
        met: AWSResponse | HTTPClientError | None = getattr(self.handed, "met", None)
        self.handed.met = None
        if met is None and not self._looked:
            self.known = self._learnt(request.url, request.headers.get("Authorization", b""))
            self._looked = True
        if isinstance(met, HTTPClientError):
            raise met
        return met

    def _learnt(self, url: str, authorization: bytes | str) -> tuple[Pool, Signer] | None:
        signed = authorization.decode() if isinstance(authorization, bytes) else authorization
        scope = _SCOPE.match(signed)
        pool = pool_for(url, self._config, self._ca_bundle)
        if scope is None or pool is None:
            return None
        version = self._model.metadata["jsonVersion"]
        signer = Signer(
            self._credentials,
            scope["region"],
            scope["service"],
            pool.host,
            f"application/x-amz-json-{version}",
            query_mode=self._model.is_query_compatible,
        )
        return pool, signer


@dataclass(frozen=True, slots=True)
class _FirstAttempt:
    """In the place of a client's method."""

    target: str
    way: _Way = field(repr=False)
    botocore: Callable[..., Any]

    def __call__(self, **parameters: Any) -> dict[str, Any]:
        if self.way.known is None:
            asked: dict[str, Any] = self.botocore(**parameters)
            return asked
        pool, signer = self.way.known
        body = msgspec.json.encode(parameters)
        met: AWSResponse | HTTPClientError
        try:
            answer = pool.post(signer.signed(self.target, body), body)
        except HTTPClientError as error:
            met = error
        else:
            members = _read(answer)
            if members is not None:
                return members
            headers: Any = HeadersDict(answer.headers)
            raw: Any = _Raw(answer.body)
            met = AWSResponse(pool.url, answer.status, headers, raw)
        self.way.handed.met = met
        try:
            done: dict[str, Any] = self.botocore(**parameters)
        finally:
            self.way.handed.met = None
        return done


def _read(answer: HttpAnswer) -> dict[str, Any] | None:
    """The answer's members; None if botocore has to look at it."""
    body = answer.body
    if answer.status != _OK or "content-encoding" in answer.headers or _BINARY.search(body):
        return None
    checksum = answer.headers.get("x-amz-crc32")
    if checksum is not None and checksum != str(crc32(body)):
        return None
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


class _Raw:
    """A body that is read already, as botocore reads one."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body
