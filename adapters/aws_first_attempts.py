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
from dataclasses import dataclass
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

USER_AGENT = "shopify-sync"
"""For a client's config. Botocore puts its own together anew for every call: a twentieth of it."""
_OK = 200
_BINARY = re.compile(rb'"(?:BS?|BinaryValue)"\s*:')
"""What botocore undoes the base64 of, in DynamoDB's answers and in SQS's."""


def attempt_first(client: BaseClient, session: Session, *operations: str) -> None:
    """Make the first attempts of these operations here; the service must have a JSON protocol.

    Their answers have no `ResponseMetadata`, and events of theirs are emitted only for what is
    handed to botocore. The client must not be in use by another thread yet. It is left as it is
    without credentials, with a certificate of its own, and where only botocore knows the way.
    """
    credentials = session.get_credentials()
    # boto3 hands over neither botocore's session nor what that read in its files.
    ca_bundle = session._session.get_config_variable("ca_bundle")  # noqa: SLF001
    pool = pool_for(client.meta.endpoint_url, client.meta.config, ca_bundle)
    if credentials is None or pool is None:
        return
    model: Any = client.meta.service_model
    content_type = f"application/x-amz-json-{model.metadata['jsonVersion']}"
    signer = Signer(
        credentials,
        client.meta.region_name,
        model.signing_name,
        pool.host,
        content_type,
        query_mode=model.is_query_compatible,
    )
    handed = local()
    for operation in operations:
        name, target = xform_name(operation), f"{model.metadata['targetPrefix']}.{operation}"
        attempt = _FirstAttempt(target, signer, pool, getattr(client, name), handed)
        setattr(client, name, attempt)
    hand_over: Any = _HandOver(handed)
    client.meta.events.register_first(f"before-send.{model.service_id.hyphenize()}", hand_over)


def leave_to_botocore(client: BaseClient) -> None:
    """Undo `attempt_first`: botocore makes every attempt and emits all its events again."""
    for name, method in tuple(vars(client).items()):
        if isinstance(method, _FirstAttempt):
            delattr(client, name)


@dataclass(frozen=True, slots=True)
class _FirstAttempt:
    """In the place of a client's method."""

    target: str
    signer: Signer
    pool: Pool
    botocore: Callable[..., Any]
    handed: local
    """What this thread's attempt met, for the time that botocore's call takes."""

    def __call__(self, **parameters: Any) -> dict[str, Any]:
        body = msgspec.json.encode(parameters)
        met: AWSResponse | HTTPClientError
        try:
            answer = self.pool.post(self.signer.signed(self.target, body), body)
        except HTTPClientError as error:
            met = error
        else:
            members = _read(answer)
            if members is not None:
                return members
            headers: Any = HeadersDict(answer.headers)
            raw: Any = _Raw(answer.body)
            met = AWSResponse(self.pool.url, answer.status, headers, raw)
        self.handed.met = met
        try:
            done: dict[str, Any] = self.botocore(**parameters)
        finally:
            self.handed.met = None
        return done


@dataclass(frozen=True, slots=True)
class _HandOver:
    """Botocore is about to send; instead of the first time it learns what came of that already."""

    handed: local

    def __call__(self, **_: Any) -> AWSResponse | None:
        met: AWSResponse | HTTPClientError | None = getattr(self.handed, "met", None)
        self.handed.met = None
        if isinstance(met, HTTPClientError):
            raise met
        return met


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
