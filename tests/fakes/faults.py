"""What goes wrong in a fake store, as arranged beforehand."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock

from domain.failures import Reason, Transient


@dataclass(frozen=True, slots=True)
class _Fault:
    failure: Exception
    before: bool


class Faulty:
    """A store of which some calls fail, before or after they take effect. Thread-safe."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._faults: deque[_Fault] = deque()

    def fail_next(
        self, failure: Exception | None = None, *, times: int = 1, before: bool = True
    ) -> None:
        """Let the next calls fail; with `before=False` they take effect all the same."""
        failure = failure or Transient(Reason.DATABASE_ERROR, "the database does not answer")
        with self._lock:
            self._faults.extend([_Fault(failure, before)] * times)

    def lose_next_answer(self) -> None:
        """Let the next call take effect, and its caller never know."""
        self.fail_next(before=False)

    def recover(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults.clear()

    @contextmanager
    def _call(self) -> Iterator[None]:
        """One call at a time, with the fault that is due."""
        with self._lock:
            fault = self._faults.popleft() if self._faults else None
            if fault and fault.before:
                raise fault.failure
            yield
            if fault:
                raise fault.failure
