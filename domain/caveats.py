"""What a run that completes may still lack, or what else a person should know of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LONGEST_TEXT = 400


class CaveatKind(StrEnum):
    """Why a run's result is not all that its status says: a closed set."""

    IGNORED_FILTER = "ignored-filter"
    """Shopify did not keep to the window: older orders came along, and none is left out."""
    OTHER_API_VERSION = "other-api-version"
    """Shopify answered as another version of its API than was asked for."""
    SIXTY_DAYS_ONLY = "sixty-days-only"
    """Without the scope read_all_orders, orders created longer ago are absent."""
    SCOPES_UNKNOWN = "scopes-unknown"
    """Shopify did not say what the app may read."""
    WITHHELD_DATA = "withheld-data"
    """Protected customer data that was asked for did not come."""
    COUNT_DIFFERS = "count-differs"
    """Shopify counts more orders than it handed over."""
    NOT_COUNTED = "not-counted"
    """Shopify did not say how many orders there are: nothing confirms that all came."""


@dataclass(frozen=True, slots=True)
class Caveat:
    """One of them, in a sentence for people: without secrets and without customers' data."""

    kind: CaveatKind
    text: str

    def __post_init__(self) -> None:
        if len(self.text) > LONGEST_TEXT:
            object.__setattr__(self, "text", f"{self.text[: LONGEST_TEXT - 1]}…")


def merged(known: tuple[Caveat, ...], more: tuple[Caveat, ...]) -> tuple[Caveat, ...]:
    """Each kind once, as it was said first: so there are never more than there are kinds."""
    by_kind = {caveat.kind: caveat for caveat in (*more[::-1], *known[::-1])}
    return tuple(by_kind[kind] for kind in CaveatKind if kind in by_kind)


def unheard(known: tuple[Caveat, ...], more: tuple[Caveat, ...]) -> tuple[Caveat, ...]:
    """Those of a kind that was not known."""
    kinds = {caveat.kind for caveat in known}
    return tuple(caveat for caveat in merged((), more) if caveat.kind not in kinds)
