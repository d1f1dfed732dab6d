"""Messages that were finished but could not be deleted."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock


class Undeleted:
    """Their ids, the latest thousand. Thread-safe."""

    def __init__(self, most: int = 1000) -> None:
        self._lock = Lock()
        self._most = most
        self._ids: OrderedDict[str, None] = OrderedDict()

    def add(self, message_id: str) -> None:
        with self._lock:
            self._ids[message_id] = None
            self._ids.move_to_end(message_id)
            if len(self._ids) > self._most:
                self._ids.popitem(last=False)

    def remove(self, message_id: str) -> None:
        with self._lock:
            self._ids.pop(message_id, None)

    def __contains__(self, message_id: str) -> bool:
        with self._lock:
            return message_id in self._ids
