"""Where a run through a bulk operation stands, as the text that its checkpoint keeps."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from domain.failures import Permanent, Reason


@dataclass(frozen=True, slots=True)
class BulkPlace:
    """Which operation, and how far into its file; times are seconds of the epoch.

    The URL of the file is not here: it is signed, and asked for anew with every slice.
    """

    operation: str | None = None
    """None: none was submitted yet, or the one that was is given up."""
    given_up: float | None = None
    """When the operation that was given up last was created: none up to then is taken again."""
    offset: int = 0
    etag: str | None = None
    """Of the file that the slices before this one were read from."""
    troubles: int = 0
    """How often in a row the file could not be read from here."""
    since: float = 0.0
    """When the operation was submitted or found."""
    objects: int = 0
    moved: float = 0.0
    """Since when its status and its object count, `objects`, have stood still."""
    status: str = ""


_PLACE = msgspec.json.Decoder(BulkPlace)


def place_in(cursor: str | None) -> BulkPlace:
    """The place; Permanent for a text that is none."""
    if cursor is None:
        return BulkPlace()
    try:
        return _PLACE.decode(cursor)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Permanent(
            Reason.SHOPIFY_ERROR, "the checkpoint's cursor is none of a bulk operation's"
        ) from error


def cursor_of(place: BulkPlace) -> str:
    return msgspec.json.encode(place).decode()
