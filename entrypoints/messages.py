"""Messages on the wire: what other services may send us, and what we send ourselves."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias, assert_never

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    TypeAdapter,
    ValidationError,
)

from domain import shops
from domain.messages import (
    Continuation,
    Message,
    PurgeRequest,
    RedactRequest,
    RetryBatch,
    RunKey,
    SyncRequest,
    SyncType,
)
from entrypoints import wire_values
from entrypoints.wire_complaints import complaint
from entrypoints.wire_json import NotAnObject, parse_object

LONGEST_ERROR = 512
LAST_PAGE = 10_000_000
MOST_ORDERS = 2_000
"""Orders that one message names: the others of a customer are found by the customer."""


class InvalidMessage(ValueError):
    """The body is no message of ours; one sentence of at most 512 characters says why.

    It names fields and what is allowed in them, never what the body holds: that may be a
    customer's data.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence[:LONGEST_ERROR])


_Number: TypeAlias = Annotated[str, BeforeValidator(wire_values.number)]
"""Shopify's numeric id, as a text or, as its webhooks have it, as a number."""


class _OfAUser(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)

    user_id: Annotated[StrictStr, AfterValidator(shops.user_id)] = Field(alias="userId")


class _Wire(_OfAUser):
    sync_type: Annotated[SyncType, BeforeValidator(wire_values.sync_type)] = Field(alias="syncType")
    resource: Literal["orders"] | None = None

    @property
    def key(self) -> RunKey:
        return RunKey(self.user_id, self.sync_type)


class SyncPage(_Wire):
    """A request for a sync or, with `chainId` and `page`, the daemon's own continuation of one."""

    type: Literal["sync-page"]
    version: Annotated[StrictInt, Field(ge=1, le=1)] | None = None
    request_id: Annotated[StrictStr, AfterValidator(wire_values.identity)] | None = Field(
        None, alias="requestId"
    )
    mode: Literal["resume", "restart"] | None = None
    updated_since: Annotated[datetime, BeforeValidator(wire_values.instant)] | None = Field(
        None, alias="updatedSince"
    )
    chain_id: Annotated[StrictStr, AfterValidator(wire_values.identity)] | None = Field(
        None, alias="chainId"
    )
    page: Annotated[StrictInt, Field(ge=1, le=LAST_PAGE)] | None = None

    def command(self, message_id: str) -> SyncRequest | Continuation:
        if self.chain_id is not None and self.page is not None:
            return Continuation(self.key, self.chain_id, self.page)
        if self.chain_id is not None or self.page is not None:
            raise InvalidMessage("chainId and page go together: send both or neither")
        return SyncRequest(
            self.key,
            self.request_id or message_id,
            restart=self.mode == "restart",
            updated_since=self.updated_since,
        )


class RetryBatchMessage(_Wire):
    """A request to try one failed batch again, or all of that user and sync type."""

    type: Literal["retry-batch"]
    batch_id: Annotated[StrictStr, AfterValidator(wire_values.batch_id)] | None = Field(
        None, alias="batchId"
    )

    def command(self, _message_id: str) -> RetryBatch:
        return RetryBatch(self.key, self.batch_id)


class PurgeUserMessage(_OfAUser):
    """A request to remove everything of a user."""

    type: Literal["purge-user"]
    request_id: Annotated[StrictStr, AfterValidator(wire_values.identity)] | None = Field(
        None, alias="requestId"
    )

    def command(self, message_id: str) -> PurgeRequest:
        return PurgeRequest(self.user_id, self.request_id or message_id)


class RedactCustomerMessage(_OfAUser):
    """A request to take a customer out of a user's orders."""

    type: Literal["redact-customer"]
    customer_id: _Number = Field(alias="customerId")
    order_ids: list[_Number] | None = Field(None, alias="orderIds", max_length=MOST_ORDERS)

    def command(self, _message_id: str) -> RedactRequest:
        return RedactRequest(self.user_id, self.customer_id, tuple(self.order_ids or ()))


_Any: TypeAlias = SyncPage | RetryBatchMessage | PurgeUserMessage | RedactCustomerMessage
_MESSAGES: TypeAdapter[_Any] = TypeAdapter(Annotated[_Any, Field(discriminator="type")])


def decode(body: str, message_id: str) -> Message:
    """What the body asks for; raises InvalidMessage for everything else.

    Unknown fields are ignored and null is the same as absent. `message_id` is SQS's: a request
    without a `requestId` of its own goes by it.
    """
    try:
        found = _MESSAGES.validate_python(parse_object(body))
    except NotAnObject as error:
        raise InvalidMessage(f"the body {error}") from None
    except ValidationError as error:
        raise InvalidMessage(complaint(error)) from None
    return found.command(message_id)


def message_type(message: Message) -> str:
    """The value of the message's `type` field."""
    match message:
        case RetryBatch():
            return "retry-batch"
        case PurgeRequest():
            return "purge-user"
        case RedactRequest():
            return "redact-customer"
        case _:
            return "sync-page"


def sync_type(message: Message) -> str | None:
    """The value of its `syncType` field; None for a message that has none."""
    if isinstance(message, PurgeRequest | RedactRequest):
        return None
    return message.key.sync_type.value


def encode(message: Message) -> str:
    """The message as compact JSON in ASCII, without the fields that have their default."""
    fields: dict[str, Any] = {
        "type": message_type(message),
        "userId": message.user_id,
        "syncType": sync_type(message),
        **_more(message),
    }
    if fields["syncType"] is None:
        del fields["syncType"]
    return json.dumps(fields, separators=(",", ":"))


def _more(message: Message) -> dict[str, Any]:
    match message:
        case SyncRequest(_, request_id, restart, updated_since):
            since = {} if updated_since is None else {"updatedSince": _utc(updated_since)}
            return {"requestId": request_id, **({"mode": "restart"} if restart else {}), **since}
        case Continuation(_, chain_id, page):
            return {"chainId": chain_id, "page": page}
        case RetryBatch(_, batch):
            return {} if batch is None else {"batchId": batch}
        case PurgeRequest(_, request_id):
            return {"requestId": request_id}
        case RedactRequest(_, customer_id, order_ids):
            orders = {"orderIds": list(order_ids)} if order_ids else {}
            return {"customerId": customer_id, **orders}
        case other:
            assert_never(other)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
