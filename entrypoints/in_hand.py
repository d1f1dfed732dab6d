"""The deliveries that are being worked on."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock, Thread

from domain.deliveries import Received


@dataclass(frozen=True, slots=True)
class AtWork:
    """Who is working on what, since when by the monotonic clock."""

    thread: Thread
    message_id: str
    receipt: str
    since: float


@dataclass(slots=True)
class _Entry:
    received: Received
    since: float
    claimed: bool = False
    thread: Thread | None = None


class InHand:
    """Sees to it that each delivery is settled once: by its worker, or when the process stops."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: dict[str, _Entry] = {}

    def add(self, received: Received, since: float) -> None:
        with self._lock:
            self._entries[received.receipt] = _Entry(received, since)

    def begin(self, received: Received, thread: Thread) -> None:
        """The thread works on it from now on."""
        with self._lock:
            self._entries[received.receipt].thread = thread

    def at_work(self) -> tuple[AtWork, ...]:
        """Those that a thread is working on."""
        with self._lock:
            return tuple(
                AtWork(each.thread, each.received.message_id, receipt, each.since)
                for receipt, each in self._entries.items()
                if each.thread is not None
            )

    def claim(self, received: Received) -> bool:
        """True for the first who asks: it is theirs to settle."""
        with self._lock:
            entry = self._entries[received.receipt]
            first = not entry.claimed
            entry.claimed = True
            return first

    def claim_all(self) -> tuple[tuple[Received, float], ...]:
        """What nobody has claimed yet, each with the monotonic time since when it is in hand."""
        with self._lock:
            found = [entry for entry in self._entries.values() if not entry.claimed]
            for entry in found:
                entry.claimed = True
            return tuple((entry.received, entry.since) for entry in found)

    def remove(self, received: Received) -> None:
        with self._lock:
            del self._entries[received.receipt]

    def since(self) -> tuple[float, ...]:
        """Since when each delivery is in hand, by the monotonic clock."""
        with self._lock:
            return tuple(entry.since for entry in self._entries.values())
