"""Calls to the orders table, and all of their retries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

from adapters.aws_failures import AWS_ERRORS, AwsError, Fault, code_of, fault_of
from domain.occurrences import Retried
from domain.orders import OrderFailure
from domain.ports import Chance, Lease, Observer, Pause

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a call is tried, and the longest waits between: doubled each time, to a cap.

    Each wait is a random part of its longest ("full jitter"), so that workers do not come back
    together.
    """

    attempts: int = 8
    first: timedelta = timedelta(milliseconds=100)
    longest: timedelta = timedelta(seconds=3)

    def wait(self, failures: int, chance: float) -> timedelta:
        return min(self.first * 2.0 ** (failures - 1), self.longest) * chance


@dataclass(frozen=True, slots=True)
class Rest(Generic[Part]):
    """What a call has not done; `why` is None if it can be sent at once."""

    parts: Sequence[Part]
    why: str | None = "unprocessed"


@dataclass(frozen=True, slots=True)
class GivenUp(Generic[Part]):
    """What was not done although it was tried often enough; no `error`: it was throttled."""

    parts: Sequence[Part]
    error: AwsError | None

    @property
    def failure(self) -> OrderFailure:
        throttled = self.error is None or fault_of(self.error) is Fault.THROTTLED
        return OrderFailure.THROTTLED if throttled else OrderFailure.DATABASE_ERROR

    @property
    def reason(self) -> str:
        code = "it did not process the write" if self.error is None else code_of(self.error)
        return f"DynamoDB: {code}, however often it was tried"


@dataclass(slots=True)
class PatientCalls:
    """The calls of one page. Each request is sent only while the lease is held."""

    lease: Lease
    chance: Chance
    pause: Pause
    observer: Observer
    patience: Patience
    _outage: bool = field(default=False, init=False)

    def send(
        self, parts: Sequence[Part], call: Callable[[Sequence[Part]], Rest[Part] | None]
    ) -> GivenUp[Part] | None:
        """Call until nothing is left; what is left after the last attempt.

        Passes on errors that trying again does not mend. After an outage that lasted for all
        attempts of a call, the page's later calls get one attempt each.
        """
        failures = 0
        while True:
            error = None
            self.lease.assert_held()
            try:
                rest = call(parts)
            except AWS_ERRORS as problem:
                if not fault_of(problem).passes:
                    raise
                error, rest = problem, Rest(parts, fault_of(problem).value)
            if rest is None or not rest.parts:
                return None
            if rest.why is None and len(rest.parts) < len(parts):
                parts = rest.parts
                continue
            failures += 1
            parts = rest.parts
            if failures >= self._attempts:
                return self._give_up(parts, error)
            self._wait(failures, rest.why or "unprocessed")

    @property
    def _attempts(self) -> int:
        return 1 if self._outage else self.patience.attempts

    def _give_up(self, parts: Sequence[Part], error: AwsError | None) -> GivenUp[Part]:
        self._outage = error is not None and fault_of(error) is not Fault.THROTTLED
        return GivenUp(parts, error)

    def _wait(self, failures: int, why: str) -> None:
        self.observer.notice(Retried("dynamodb", why))
        self.pause.wait(self.patience.wait(failures, self.chance.uniform()))
