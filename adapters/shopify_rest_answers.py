"""Answers of the REST API: whole and understood, or a failure; and where they lead on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import SplitResult, parse_qs, urlsplit

from requests.utils import parse_header_links

from adapters.shopify_answers import content_in, unreadable
from adapters.shopify_refusals import refusal
from adapters.shopify_transport import RawAnswer
from domain.caveats import Caveat
from domain.failures import Permanent, Reason
from domain.orders import Json


@dataclass(frozen=True, slots=True)
class RestAnswer:
    """The content of an answer; `next_page` is the `page_info` of the page after it."""

    content: dict[str, Json]
    next_page: str | None = None
    caveats: tuple[Caveat, ...] = ()
    said_at: datetime | None = None
    """By Shopify's clock."""


class PageRefused(Permanent):
    """Shopify does not take the `page_info` (any more): its links are temporary.

    Source: shopify.dev/docs/api/admin-rest/usage/pagination.
    """


def rest_answer_in(raw: RawAnswer, homes: Collection[str], *, linked: bool) -> RestAnswer:
    """The answer; raises what it stands for if it is none.

    `homes` are the addresses that its links may lead to; `linked` says that it was asked for by a
    `page_info`.
    """
    if raw.status != HTTPStatus.OK:
        failure = refusal(raw)
        if linked and raw.status == HTTPStatus.BAD_REQUEST and isinstance(failure, Permanent):
            raise PageRefused(failure.reason, failure.message)
        raise failure
    content = content_in(raw)
    if content.get("errors"):
        raise unreadable("it has errors")
    return RestAnswer(content, next_page_in(raw.headers, homes), said_at=raw.said_at)


def next_page_in(headers: Mapping[str, str], homes: Collection[str]) -> str | None:
    """The `page_info` of the link to the next page, wherever in the header it stands.

    None on the last page. The link itself is never followed. One that leads elsewhere than to one
    of the shop's homes is a failure all the same: that such an answer comes from the shop is in
    doubt.
    """
    links = parse_header_links(headers.get("Link", ""))
    url = next((link["url"] for link in links if link.get("rel") == "next"), None)
    if url is None:
        return None
    try:
        there = urlsplit(url)
    except ValueError as error:
        raise unreadable("its link to the next page is none") from error
    if _host(there) not in {_host(urlsplit(home)) for home in homes}:
        raise Permanent(
            Reason.SHOPIFY_ERROR,
            "Shopify's link to the next page leads to another host, where the token never goes",
        )
    page_info = parse_qs(there.query).get("page_info", [])
    if len(page_info) != 1:
        raise unreadable("it says that more orders follow, but not where")
    return page_info[0]


def _host(url: SplitResult) -> tuple[str, str]:
    """With everything that stands beside it: a user or a port makes it another one."""
    return url.scheme, url.netloc.lower()
