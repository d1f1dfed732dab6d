"""A queue's attributes as CreateQueue and SetQueueAttributes take them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.strict_sqs.queue import Settings
from sandbox.strict_sqs.refusals import Refused

_NUMBERS: Mapping[str, tuple[str, int, int]] = {
    "VisibilityTimeout": ("visibility", 0, 43_200),
    "DelaySeconds": ("delay", 0, 900),
    "ReceiveMessageWaitTimeSeconds": ("wait", 0, 20),
    "MessageRetentionPeriod": ("retention", 60, 1_209_600),
    "MaximumMessageSize": ("largest", 1024, 1_048_576),
}
_MOST_RECEIVES = 1000


def changed(settings: Settings, attributes: Mapping[str, str]) -> Settings:
    """The settings with these attributes; refuses what SQS does not know or allow."""
    for name, value in attributes.items():
        if name == "RedrivePolicy":
            settings = _redriving(settings, value)
        elif name in _NUMBERS:
            field, least, most = _NUMBERS[name]
            if not value.isdecimal() or not least <= int(value) <= most:
                raise Refused("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
            number: dict[str, Any] = {field: int(value)}
            settings = replace(settings, **number)
        elif name == "FifoQueue":
            raise Refused("UnsupportedOperation", "Only standard queues are played here.")
        else:
            raise Refused("InvalidAttributeName", f"Unknown Attribute {name}.")
    return settings


def _redriving(settings: Settings, policy: str) -> Settings:
    if not policy:
        return replace(settings, dead_letters=None, most_receives=0)
    try:
        read = json.loads(policy)
        target, receives = str(read["deadLetterTargetArn"]), int(read["maxReceiveCount"])
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(
            "InvalidAttributeValue", "Value for parameter RedrivePolicy is invalid."
        ) from error
    if not 1 <= receives <= _MOST_RECEIVES:
        raise Refused("InvalidAttributeValue", "maxReceiveCount must be from 1 to 1000.")
    return replace(settings, dead_letters=target, most_receives=receives)
