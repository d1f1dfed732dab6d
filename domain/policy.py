"""How runs are paced and when they are given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.checkpoints import SourceName
from domain.messages import SyncType


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPolicy:
    """What an operator has decided; every duration is exact, every count at least 1."""

    page_size: int
    page_delays: Mapping[SyncType, timedelta | None]
    """Before the next page; None: as soon as the shop's rate limit has room for it."""
    sources: Mapping[SyncType, SourceName]
    visibility: timedelta
    """How long a lease lasts unless it is extended: as long as a message stays hidden."""
    stall_grace: timedelta
    max_attempts: int
    daily_overlap: timedelta
