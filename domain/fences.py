"""Writes of orders, held against what was erased meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.erasures import FENCE, Erased
from domain.failures import LeaseLost, Purged
from domain.ports import Clock, ErasureLedger, Lease


@dataclass(slots=True)
class Fence(Lease):
    """A lease to write a user's orders, once it is known what of them was erased.

    Nothing is sent on an answer that is older than `FENCE`: it is asked again, and if anything was
    erased since, the lease counts as lost, so that the work is done anew.
    """

    lease: Lease
    ledger: ErasureLedger
    clock: Clock
    user_id: str
    _erased: Erased | None = field(default=None, init=False)
    _asked_at: float = field(default=0.0, init=False)

    def erased(self) -> Erased:
        """What was erased, as of now or a moment ago; raises `Purged` if that is everything."""
        asked_at = self.clock.monotonic()
        if self._erased is None or asked_at - self._asked_at >= FENCE.total_seconds():
            self._erased, self._asked_at = self.ledger.of(self.user_id), asked_at
        if self._erased.user:
            raise Purged
        return self._erased

    def assert_held(self) -> None:
        known = self._erased
        if known is not None and self.erased() != known:
            raise LeaseLost
        self.lease.assert_held()
