"""Chaos, then calm: everything must come to rest by itself, with nothing lost and nothing twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Event

from tests.chaos.aws import Aws
from tests.chaos.crowd import Crowd
from tests.chaos.deeds import deeds
from tests.chaos.findings import Findings
from tests.chaos.fleet import Fleet
from tests.chaos.ground import Ground, ground
from tests.chaos.history import History
from tests.chaos.letters import Letters
from tests.chaos.log_files import Logs
from tests.chaos.options import Options
from tests.chaos.report import Report, TimeSpent

LOOK_EVERY = 0.3
SAY_EVERY = 15.0

Say = Callable[[str], None]


def play(options: Options, folder: Path, say: Say) -> Report:
    """The workers' logs are in the folder. What does not hold is in the report's complaints."""
    with ground(options) as stage:
        aws = Aws.at(stage.direct)
        aws.record_checkpoints()
        findings = Findings()
        crowd = Crowd(aws, stage.shopify_root, options, options.lots("crowd"), findings)
        fleet = Fleet(stage.workers, folder, options.workers, options.lots("fleet"))
        playing = _Play(options, stage, aws, fleet, crowd, findings, say)
        try:
            spent = playing.act(options.lots("deeds"))
            fleet.dismiss()
        finally:
            fleet.end()
        crowd.leave()
        return Report(
            options=options,
            spent=spent,
            deeds=fleet.done,
            unexpected=fleet.complaints,
            faults=stage.faults(),
            findings=findings,
            history=History.of(aws.recorded(), options.page_size),
            logs=Logs.of(fleet.logs),
            left=aws.depth(),
            letters=Letters.of(aws.dead_letters(), aws.failed_batches()),
            folder=folder,
        )


@dataclass(slots=True)
class _Play:
    options: Options
    stage: Ground
    aws: Aws
    fleet: Fleet
    crowd: Crowd
    findings: Findings
    say: Say
    _raged: Event = field(default_factory=Event, init=False)
    _said_at: float = field(default=0.0, init=False)

    def act(self, chance: Random) -> TimeSpent:
        began = time.monotonic()
        self.crowd.enter()
        self._rage(chance)
        raged = time.monotonic()
        self.stage.calm()
        self.fleet.wake_all()
        self.say("faults off, nobody is killed any more: everything has to come to rest by itself")
        if self._is_at_rest():
            self.crowd.ask_for_the_last()
            self._is_at_rest()
        return TimeSpent(raged - began, time.monotonic() - raged)

    def _rage(self, chance: Random) -> None:
        """Merchants ask in a thread of their own: to check what they got takes its time."""
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(self._keep_asking)
            try:
                for wait, deed in deeds(self.options, chance):
                    self._look_on(time.monotonic() + wait)
                    while not self.fleet.do(deed) and not asking.done():
                        self._look_on(time.monotonic() + LOOK_EVERY)
            finally:
                self._raged.set()
            asking.result()

    def _keep_asking(self) -> None:
        while not self._raged.wait(LOOK_EVERY):
            self.crowd.tend()

    def _look_on(self, until: float) -> None:
        while (left := until - time.monotonic()) > 0:
            self.fleet.tend()
            self._say_how_it_goes()
            time.sleep(min(LOOK_EVERY, left))

    def _is_at_rest(self) -> bool:
        deadline = time.monotonic() + self.options.longest_rest
        while not (self.crowd.are_done() and self.aws.depth() == 0):
            if time.monotonic() > deadline:
                within = f"not at rest {self.options.longest_rest:.0f} s after the last fault"
                messages = f"{self.aws.depth()} messages in the source queue"
                self.findings.complain("; ".join((within, messages, *self.crowd.states())))
                return False
            self.fleet.tend()
            self._say_how_it_goes()
            time.sleep(LOOK_EVERY)
        return True

    def _say_how_it_goes(self) -> None:
        now = time.monotonic()
        if now - self._said_at < SAY_EVERY:
            return
        self._said_at = now
        done = ", ".join(f"{name.split(',')[0]} {times}" for name, times in self.fleet.done.items())
        found = f"{self.findings.runs} runs completed, {len(self.findings.complaints)} complaints"
        self.say(f"{done or 'begun'}; {found}")
