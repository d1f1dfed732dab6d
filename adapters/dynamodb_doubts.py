"""What there is to know of a run beside its totals, as attributes of its checkpoint."""

from __future__ import annotations

from adapters.attribute_values import Item
from adapters.dynamodb_items import StoredItem, as_number, as_text
from domain.caveats import Caveat, CaveatKind
from domain.comparisons import Comparison


def doubts(caveats: tuple[Caveat, ...], comparison: Comparison | None) -> Item:
    """`caveats` and `comparison`, each absent where there is none."""
    item: Item = {}
    if caveats:
        item["caveats"] = {
            "L": [
                {"M": {"kind": as_text(each.kind), "text": as_text(each.text)}} for each in caveats
            ]
        }
    if comparison is not None:
        numbers = {
            "handedOver": comparison.handed_over,
            "counted": comparison.counted,
            "settled": comparison.settled,
        }
        item["comparison"] = {
            "M": {name: as_number(value) for name, value in numbers.items() if value is not None}
        }
    return item


def stored_caveats(stored: StoredItem) -> tuple[Caveat, ...]:
    """The caveats; one of a kind that a later release knows is left out, and stops no run."""
    if not stored.has("caveats"):
        return ()
    kinds = {kind.value: kind for kind in CaveatKind}
    found = ((each.text("kind"), each.text("text")) for each in stored.each_nested("caveats"))
    return tuple(Caveat(kinds[kind], text) for kind, text in found if kind in kinds)


def stored_comparison(stored: StoredItem) -> Comparison | None:
    if not stored.has("comparison"):
        return None
    numbers = stored.nested("comparison")
    return Comparison(
        numbers.number("handedOver"),
        numbers.optional_number("counted"),
        numbers.optional_number("settled"),
    )
