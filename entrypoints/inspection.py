"""The doctor: what is wrong with settings, AWS, queues and tables, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from config.settings import PREFIX, Settings, SettingsError
from domain.failures import Failure
from domain.ports import Clock
from entrypoints.commands.opening import Problem

SKEW_NOTICED = timedelta(seconds=30)
SKEW_REFUSED = timedelta(minutes=5)
"""AWS refuses signatures that are older or newer than this."""


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    level: Level
    area: str
    text: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, and the settings in force without their secrets."""

    findings: tuple[Finding, ...]
    settings: dict[str, str]

    @property
    def problems(self) -> int:
        return sum(finding.level is Level.PROBLEM for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Doctor:
    """Looks at one thing after the other; none keeps the others from being looked at."""

    settings: Settings
    misspelt: tuple[str, ...]
    time_of_aws: Callable[[], datetime]
    queues: Callable[[], Sequence[Problem]]
    tables: Callable[[], Sequence[Problem]]
    clock: Clock
    prove_vault: Callable[[], object]

    def __call__(self) -> Report:
        findings = (
            *self._settings(),
            *_guarded("aws", self._aws),
            *_guarded("queues", lambda: _inspected("queues", self.queues)),
            *_guarded("tables", lambda: _inspected("tables", self.tables)),
            *_guarded("tokens", self._tokens),
        )
        return Report(findings, in_force(self.settings))

    def _settings(self) -> Iterator[Finding]:
        yield Finding(Level.OK, "settings", "valid")
        for name in self.misspelt:
            mend = "correct its name (.env.example has them all) or remove it"
            yield Finding(Level.WARN, "settings", f"{name} is no setting and is ignored", mend)
        if self.settings.shopify_url != "https://{shop}":
            text = f"orders are read from {self.settings.shopify_url}, not from Shopify"
            mend = "unset SYNC_SHOPIFY_URL, unless this is a sandbox"
            yield Finding(Level.WARN, "settings", text, mend)

    def _tokens(self) -> Iterator[Finding]:
        if self.settings.tokens_kms_key is None:
            text = "access tokens are stored in the shops table as they are"
            mend = "set SYNC_TOKENS_KMS_KEY, and let nobody but the daemon read the shops table"
            yield Finding(Level.WARN, "tokens", text, mend)
            return
        self.prove_vault()
        yield Finding(Level.OK, "tokens", "encrypted: the KMS key seals and opens")

    def _aws(self) -> Iterator[Finding]:
        skew = abs(self.time_of_aws() - self.clock.now())
        yield Finding(Level.OK, "aws", "reached; the credentials are good")
        seconds = f"{skew.total_seconds():.0f} s"
        if skew >= SKEW_NOTICED:
            level = Level.PROBLEM if skew >= SKEW_REFUSED else Level.WARN
            text = f"this machine's clock differs from AWS's by {seconds}"
            yield Finding(level, "clock", text, "switch time synchronisation (NTP) on")
        else:
            yield Finding(Level.OK, "clock", f"within {seconds} of AWS's")


def in_force(settings: Settings) -> dict[str, str]:
    """Every setting that has a value, by its variable; a secret shows as asterisks."""
    values = settings.model_dump(mode="json", exclude_none=True)
    return {
        PREFIX + name.upper(): f"{value:g}" if isinstance(value, float) else str(value)
        for name, value in values.items()
    }


def _inspected(area: str, inspect: Callable[[], Sequence[Problem]]) -> Iterator[Finding]:
    problems = inspect()
    for problem in problems:
        yield Finding(Level.PROBLEM, area, problem.what, problem.mend)
    if not problems:
        yield Finding(Level.OK, area, "as they should be")


def _guarded(area: str, look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(look())
    except Failure as failure:
        mend = "see AWS_REGION, AWS_ENDPOINT_URL, the credentials and their permissions"
        return [Finding(Level.PROBLEM, area, failure.message, mend)]
    except SettingsError as error:
        return [Finding(Level.PROBLEM, area, str(error), "set it")]
