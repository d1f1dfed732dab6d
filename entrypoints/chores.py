"""What a worker does now and then besides consuming."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Thread

from domain.failures import Failure, Interrupted
from domain.occurrences import Reported
from domain.ports import Chance, Observer, Pause
from entrypoints.bugs import kind_and_frames


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to be done every so often, for the first time at once."""

    name: str
    every: timedelta
    do: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Chores:
    """Each chore goes on in a thread of its own until the process stops; none fails for good.

    The waits differ by up to a quarter either way, so that many workers do not ask all at once.
    """

    pause: Pause
    chance: Chance
    observer: Observer

    @contextlib.contextmanager
    def going_on(self, chores: Sequence[Chore]) -> Iterator[None]:
        """Start them; they end by themselves when waits are interrupted."""
        for chore in chores:
            Thread(target=self.keep_doing, args=(chore,), name=chore.name, daemon=True).start()
        yield

    def keep_doing(self, chore: Chore) -> None:
        """Do it again and again until a wait is interrupted."""
        while True:
            try:
                self._do(chore)
                self.pause.wait(chore.every * (0.75 + self.chance.uniform() / 2))
            except Interrupted:
                return

    def _do(self, chore: Chore) -> None:
        try:
            chore.do()
        except Failure as failure:
            self.observer.notice(Reported(f"{chore.name} failed", failure.message))
        except Interrupted:
            raise
        except Exception as error:  # noqa: BLE001 - the next time it may work, and it must be tried
            self.observer.notice(Reported(f"bug in {chore.name}", kind_and_frames(error)))
