"""Where a sync by REST is: what a checkpoint keeps as its cursor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from domain.failures import Permanent, Reason


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next page begins.

    `page_info` leads there at once, but only for as long as Shopify takes it. `since`, the update
    time of the last order read, leads there for ever, along the orders of that same second.
    """

    page_info: str | None
    since: datetime | None

    def is_within(self, second: datetime) -> bool:
        """Whether it lies in that second or before: from there it could lead back to itself."""
        return self.since is not None and self.since.replace(microsecond=0) <= second


def place_at(cursor: str | None, since: datetime | None) -> Place:
    """The place of a cursor, or the beginning of the window; Permanent for nonsense."""
    if cursor is None:
        return Place(None, since)
    try:
        content = msgspec.json.decode(cursor, type=dict[str, str])
        moment = datetime.fromisoformat(content["updatedAtMin"])
        return Place(content["pageInfo"], moment.astimezone(UTC))
    except (msgspec.MsgspecError, ValueError, KeyError, OverflowError):
        raise Permanent(
            Reason.SHOPIFY_ERROR,
            "the checkpoint's cursor is none of the REST source's: restart the sync",
        ) from None


def cursor_of(place: Place) -> str | None:
    """The cursor of a place that a link leads to; None if no page follows."""
    if place.page_info is None or place.since is None:
        return None
    content = {"pageInfo": place.page_info, "updatedAtMin": timestamp(place.since)}
    return msgspec.json.encode(content).decode()


def timestamp(moment: datetime) -> str:
    """An instant as Shopify takes it: in UTC, to the second, never later."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
