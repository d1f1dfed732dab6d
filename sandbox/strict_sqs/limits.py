"""The limits of Amazon SQS. Source: its quotas and the API reference of each action."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.strict_sqs.refusals import Refused, bad_value, missing

LARGEST = 1_048_576
MOST_ENTRIES = 10
MOST_ATTRIBUTES = 10
LONGEST_DELAY = 900
LONGEST_POLL = 20
LONGEST_HIDING = 43_200
MOST_IN_FLIGHT = 120_000

_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_GROUP_ID = re.compile(r"[!-~]{1,128}")
_ATTRIBUTE_NAME = re.compile(r"(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)")
_DATA_TYPE = re.compile(r"(String|Number|Binary)(\.[^\s]{1,248})?")
_REFUSED_TEXT = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def whole(asked: Mapping[str, Any], name: str, longest: int, least: int = 0) -> int | None:
    """A whole number of the request within its range; None if it was not given."""
    value = asked.get(name)
    if value is None:
        return None
    if type(value) is not int:
        raise bad_value(value, name, "Must be an integer")
    if not least <= value <= longest:
        raise bad_value(value, name, f"Must be >= {least} and <= {longest}, if provided")
    return value


def entries(asked: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The entries of a batch: 1-10, with ids that are well-formed and distinct."""
    found: Sequence[Mapping[str, Any]] = asked.get("Entries") or ()
    if not found:
        raise Refused("EmptyBatchRequest", "There should be at least one entry in the request.")
    if len(found) > MOST_ENTRIES:
        raise Refused(
            "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are 10. You have sent {len(found)}.",
        )
    ids = [str(entry.get("Id", "")) for entry in found]
    for each in ids:
        if not _ENTRY_ID.fullmatch(each):
            raise Refused(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and "
                "underscores. It can be at most 80 letters long.",
            )
    if len(set(ids)) != len(ids):
        twice = next(each for each in ids if ids.count(each) > 1)
        raise Refused("BatchEntryIdsNotDistinct", f"Id {twice} repeated.")
    return found


def check_text(body: object) -> str:
    """A body that SQS takes: not empty, only characters of XML 1.0."""
    if not isinstance(body, str) or not body:
        raise missing("MessageBody")
    if _REFUSED_TEXT.search(body):
        raise Refused("InvalidMessageContents", "Invalid binary character was found in the body.")
    return body


def check_group(group: str | None) -> None:
    if group is not None and not _GROUP_ID.fullmatch(group):
        raise bad_value(
            group, "MessageGroupId", "It must be 1-128 alphanumeric characters and punctuation"
        )


def check_total(entries: Sequence[Mapping[str, Any]]) -> None:
    """A batch's messages together are no larger than one may be."""
    total = sum(
        size(str(entry.get("MessageBody", "")), entry.get("MessageAttributes") or {})
        for entry in entries
    )
    if total > LARGEST:
        raise Refused(
            "BatchRequestTooLong",
            f"Batch requests cannot be longer than {LARGEST} bytes. You have sent {total} bytes.",
        )


def check_message(body: str, attributes: Mapping[str, Mapping[str, Any]], largest: int) -> None:
    """A message whose attributes are well-formed and that is no larger than its queue takes."""
    if attributes:
        _check_attributes(attributes)
    if size(body, attributes) > largest:
        raise Refused(
            "InvalidParameterValueException",
            "One or more parameters are invalid. Reason: Message must be shorter than "
            f"{largest} bytes.",
        )


def _check_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> None:
    if len(attributes) > MOST_ATTRIBUTES:
        raise Refused(
            "InvalidParameterValueException",
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [10].",
        )
    for name, value in attributes.items():
        _check_attribute(name, value)


def _check_attribute(name: str, value: Mapping[str, Any]) -> None:
    if not _ATTRIBUTE_NAME.fullmatch(name) or name.lower().startswith(("aws.", "amazon.")):
        raise bad_value(name, "MessageAttribute.Name", "The message attribute name is not allowed")
    kind = str(value.get("DataType", ""))
    if not _DATA_TYPE.fullmatch(kind):
        raise bad_value(
            kind, "MessageAttribute.DataType", "The type must start with String, Number or Binary"
        )
    held = value.get("BinaryValue" if kind.startswith("Binary") else "StringValue")
    if not held:
        raise bad_value(name, "MessageAttribute", "The attribute must hold a non-empty value")
    if isinstance(held, str) and _REFUSED_TEXT.search(held):
        raise Refused("InvalidMessageContents", f"Invalid binary character in attribute {name}.")


def size(body: str, attributes: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes that SQS counts: the body, and names, types and values of the attributes."""
    total = len(body) if body.isascii() else len(body.encode())
    for name, value in attributes.items():
        held = value.get("StringValue")
        total += len(name) + len(str(value.get("DataType", "")))
        total += len(value.get("BinaryValue", b"")) if held is None else len(held.encode())
    return total
