"""Caveats: each kind once, as it was said first."""

from __future__ import annotations

from domain.caveats import LONGEST_TEXT, Caveat, CaveatKind, merged, unheard

FILTER = Caveat(CaveatKind.IGNORED_FILTER, "first")
VERSION = Caveat(CaveatKind.OTHER_API_VERSION, "2026-01")


class TestCaveats:
    def test_are_kept_once_a_kind_as_they_were_said_first(self) -> None:
        later = Caveat(CaveatKind.IGNORED_FILTER, "later")
        assert merged((FILTER,), (later, VERSION, later)) == (FILTER, VERSION)
        assert merged((), (FILTER, later)) == (FILTER,)

    def test_are_no_more_than_there_are_kinds(self) -> None:
        many = tuple(Caveat(kind, str(n)) for n in range(100) for kind in CaveatKind)
        assert merged((), many) == tuple(Caveat(kind, "0") for kind in CaveatKind)

    def test_are_new_by_their_kind(self) -> None:
        again = Caveat(CaveatKind.IGNORED_FILTER, "again")
        assert unheard((FILTER,), (again, VERSION, VERSION)) == (VERSION,)

    def test_are_not_told_at_any_length(self) -> None:
        assert len(Caveat(CaveatKind.NOT_COUNTED, "x" * 10_000).text) == LONGEST_TEXT
