"""One observer for several."""

from __future__ import annotations

import logging

import pytest

from adapters.observers import Everyone
from domain.occurrences import Occurrence, Reported, Retried
from domain.ports import Observer
from tests.fakes.observer import FakeObserver

SOMETHING = Retried("sqs", "throttled")


class Broken(Observer):
    def notice(self, occurrence: Occurrence) -> None:
        raise RuntimeError(f"cannot bear {occurrence}")


class TestEveryone:
    def test_is_told(self) -> None:
        first, second = FakeObserver(), FakeObserver()
        Everyone((first, second)).notice(SOMETHING)
        assert first.occurrences == second.occurrences == [SOMETHING]

    def test_is_told_although_another_fails(self) -> None:
        last = FakeObserver()
        Everyone((Broken(), last)).notice(SOMETHING)
        assert last.occurrences == [SOMETHING]

    def test_that_fails_is_named_once(self, caplog: pytest.LogCaptureFixture) -> None:
        everyone = Everyone((Broken(),))
        with caplog.at_level(logging.ERROR, "shopify_sync"):
            everyone.notice(SOMETHING)
            everyone.notice(Reported("subject", "text"))
        [record] = caplog.records
        assert getattr(record, "fields", None) == {"observer": "Broken", "occurrence": "Retried"}
