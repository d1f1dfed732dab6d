"""The parameters of REST's list of orders, and the `page_info` that carries them on."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from math import ceil

from sandbox.shopify.catalogue import Catalogue, SortBy, Stretch
from sandbox.shopify.search import STATUSES, Search, Span
from sandbox.shopify.timeline import OrderKey

BESIDE_PAGE_INFO = frozenset({"limit", "fields", "page_info"})
TIMES = {"updated_at": "updated", "created_at": "created", "processed_at": "created"}
SORTS = {
    "updated_at": SortBy.UPDATED_AT,
    "created_at": SortBy.CREATED_AT,
    "processed_at": SortBy.CREATED_AT,
    "id": SortBy.ID,
}
LARGEST_PAGE = 250


class BadRequest(Exception):
    """Parameters that Shopify answers with 400; `errors` is its text."""

    def __init__(self, errors: str | dict[str, str]) -> None:
        super().__init__(str(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of the orders, and whether there are any before and after it."""

    keys: tuple[OrderKey, ...]
    before: bool
    after: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of orders as it was asked for, from its beginning or from a place in it on."""

    filters: Mapping[str, str]
    limit: int = 50
    place: tuple[int, int] | None = None
    backwards: bool = False
    """Towards the beginning: a page that lies before the place."""

    @property
    def by(self) -> SortBy:
        return SortBy.ID if "since_id" in self.filters else SORTS[self.order[0]]

    @property
    def descends(self) -> bool:
        return "since_id" not in self.filters and self.order[1] == "desc"

    @property
    def order(self) -> tuple[str, str]:
        """By what, and `asc` or `desc`."""
        name, _, way = self.filters.get("order", "created_at desc").partition(" ")
        return name, way.lower() or "asc"

    def slice(self, catalogue: Catalogue) -> Slice:
        """The page."""
        search, down = self.search(), self.descends != self.backwards
        stretch = Stretch.of(self.by, search)
        if self.place is not None:
            stretch = stretch.before(self.place) if down else stretch.after(self.place)
        walk = catalogue.backwards if down else catalogue.forwards
        found = tuple(islice(self._kept(walk(stretch), search), self.limit + 1))
        more, keys = len(found) > self.limit, found[: self.limit]
        if self.backwards:
            return Slice(keys[::-1], before=more, after=True)
        return Slice(keys, before=self.place is not None, after=more)

    def count(self, catalogue: Catalogue) -> int:
        """How many orders the filters leave."""
        search = self.search()
        by = next((by for by in SortBy if by.attribute in search.spans), SortBy.ID)
        stretch = Stretch.of(by, search)
        if search.without(by.attribute) is None:
            return catalogue.count(stretch)
        return sum(1 for _ in self._kept(catalogue.forwards(stretch), search))

    def link(self, key: OrderKey, *, backwards: bool) -> str:
        """The `page_info` of what follows that order, or goes before it."""
        content = {
            "direction": "prev" if backwards else "next",
            "last_id": key.id,
            "last_value": self.by.place(key)[0],
            **self.filters,
        }
        return urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    def search(self) -> Search:
        spans: dict[str, Span] = {}
        for name, attribute in TIMES.items():
            span = Span()
            if (low := self.filters.get(f"{name}_min")) is not None:
                span = span.within(Span(low=ceil(_seconds(f"{name}_min", low))))
            if (high := self.filters.get(f"{name}_max")) is not None:
                span = span.within(Span(high=int(_seconds(f"{name}_max", high)) + 1))
            if span != Span():
                spans[attribute] = spans.get(attribute, Span()).within(span)
        if "since_id" in self.filters:
            spans["id"] = Span(low=_number("since_id", self.filters["since_id"]) + 1)
        return Search(spans, self._tests(), {}, ())

    def _tests(self) -> tuple[Callable[[OrderKey], bool], ...]:
        status = self.filters.get("status", "open")
        if status not in STATUSES or status == "not_closed":
            raise BadRequest({"status": "must be one of open, closed, cancelled, any"})
        tests = [] if status == "any" else [STATUSES[status]]
        if (ids := self.filters.get("ids")) is not None:
            wanted = {_number("ids", each) for each in ids.split(",")}
            tests.append(lambda key: key.id in wanted)
        return tuple(tests)

    def _kept(self, keys: Iterator[OrderKey], search: Search) -> Iterator[OrderKey]:
        test = search.without(self.by.attribute)
        return keys if test is None else filter(test, keys)


def listing_of(parameters: Mapping[str, str]) -> Listing:
    """The list that the parameters ask for; BadRequest if they make no sense to Shopify."""
    limit = _number("limit", parameters.get("limit", "50"))
    if not 1 <= limit <= LARGEST_PAGE:
        raise BadRequest({"limit": f"must be between 1 and {LARGEST_PAGE}"})
    if "page_info" in parameters:
        for name in sorted(parameters.keys() - BESIDE_PAGE_INFO):
            raise BadRequest(f"{name} cannot be passed when page_info is present.")
        return replace(_linked(parameters["page_info"]), limit=limit)
    listing = Listing({k: v for k, v in parameters.items() if k not in BESIDE_PAGE_INFO}, limit)
    if "page" in parameters:
        raise BadRequest(
            {"page": "page cannot be passed. See https://shopify.dev/api/usage/pagination-rest"}
        )
    name, way = listing.order
    if name not in SORTS or way not in {"asc", "desc"}:
        raise BadRequest({"order": "the sandbox sorts by updated_at, created_at and id"})
    listing.search()
    return listing


def _linked(page_info: str) -> Listing:
    try:
        content = json.loads(urlsafe_b64decode(page_info + "=" * (-len(page_info) % 4)))
        place = (int(content.pop("last_value")), int(content.pop("last_id")))
        backwards = content.pop("direction") == "prev"
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError):
        raise BadRequest({"page_info": "Invalid value."}) from None
    return Listing(content, place=place, backwards=backwards)


def _seconds(name: str, text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest({name: "Invalid value."}) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(name: str, text: str) -> int:
    if not text.strip().isdecimal():
        raise BadRequest({name: "expected Integer"})
    return int(text)
