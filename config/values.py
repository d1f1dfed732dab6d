"""What single values in the settings have to look like."""

from __future__ import annotations

import math
from urllib.parse import urlsplit

LONGEST_DELAY = 900


def queue_url(text: str) -> str:
    """The URL of a standard SQS queue; raises ValueError for anything else."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or not parts.path.strip("/"):
        raise ValueError(
            "must be a queue's URL, like https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
        )
    if parts.path.endswith(".fifo"):
        raise ValueError(
            "is a FIFO queue, which has no delay per message: a standard queue is needed"
        )
    return text


def shopify_url(text: str) -> str:
    """Where a shop's API is, with {shop} for its domain; raises ValueError for anything else."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or "{shop}" not in text:
        raise ValueError("must be a URL with {shop} in it, like https://{shop}")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or a password")
    return text.rstrip("/")


def is_plain(url: str) -> bool:
    """Whether it is reached by plain HTTP."""
    return urlsplit(url).scheme == "http"


def page_delay(value: object) -> float | str:
    """Seconds from 0 to 900 (the longest delay SQS takes), or `adaptive`."""
    if value == "adaptive":
        return "adaptive"
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST_DELAY:
        raise ValueError(f"must be seconds from 0 to {LONGEST_DELAY}, or adaptive")
    return seconds
