"""One observer for several."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from domain.occurrences import Occurrence
from domain.ports import Observer

_LOG = logging.getLogger("shopify_sync.observers")


class Everyone(Observer):
    """Tells all of them; one that fails keeps no other from knowing and disturbs nobody.

    Each failing observer is named in the log once: what it fails at, it fails at all the time.
    """

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)
        self._failed: set[str] = set()

    def notice(self, occurrence: Occurrence) -> None:
        for observer in self._observers:
            try:
                observer.notice(occurrence)
            except Exception as error:  # noqa: BLE001 - who only watches must not stop the work
                self._note(type(observer).__name__, type(occurrence).__name__, error)

    def _note(self, observer: str, occurrence: str, error: Exception) -> None:
        if observer not in self._failed:
            self._failed.add(observer)
            fields = {"observer": observer, "occurrence": occurrence}
            _LOG.error("observer failed", exc_info=error, extra={"fields": fields})
