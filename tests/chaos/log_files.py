"""What the workers wrote to their logs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BUGS = frozenset(
    {"bug in a worker", "bug while handling a message", "bug in the heartbeat", "thread died"}
)


@dataclass(slots=True)
class Logs:
    """`stored` counts the lines that say that a page was stored and counted, by run and page.

    SIGKILL can cut a line off, but not make two of one.
    """

    stored: Counter[tuple[str, int]] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, files: Iterable[Path]) -> Logs:
        logs = cls()
        for file in files:
            for line in file.read_text(errors="replace").splitlines():
                logs._add(line, file.name)
        return logs

    @property
    def stored_twice(self) -> int:
        return sum(times - 1 for times in self.stored.values())

    def _add(self, line: str, file: str) -> None:
        if line.startswith(("Traceback", "Exception in thread")):
            self.complaints.append(f"{file}: a traceback")
        try:
            read: Any = json.loads(line)
        except json.JSONDecodeError:  # cut off by SIGKILL
            return
        event = read["event"]
        self.events[event] += 1
        if event == "page stored":
            self.stored[read["runId"], read["page"]] += 1
        if event in BUGS or read.get("reason") == "bug":
            where = read.get("text") or read.get("error") or read.get("exception")
            self.complaints.append(f"{file}: {event}: {where}")
