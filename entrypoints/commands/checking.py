"""`check`: the doctor."""

from __future__ import annotations

from typing import Protocol

import typer

from entrypoints.commands.arguments import AsJson
from entrypoints.commands.complaints import Refused
from entrypoints.commands.opening import objects
from entrypoints.commands.printing import tell
from entrypoints.presenting import Json, columns


class Finding(Protocol):
    """One line of the report."""

    @property
    def level(self) -> str: ...

    @property
    def area(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def mend(self) -> str: ...


def check(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Say what is wrong with the set-up, and the remedy.

    Exit 1 when there is a problem. Looks at the settings, the credentials, the clock, the queues
    (redrive policy, visibility, retention), the tables (keys, TTL) and the KMS key.
    """
    from entrypoints.inspection import Doctor  # noqa: PLC0415 - its libraries would slow --help

    at_hand = objects(context)
    report = Doctor(
        settings=at_hand.settings(),
        misspelt=at_hand.misspelt(),
        time_of_aws=at_hand.time_of_aws,
        queues=at_hand.inspect_queues,
        tables=at_hand.inspect_tables,
        clock=at_hand.clock(),
        prove_vault=at_hand.prove_vault,
    )()
    rows = [row for finding in report.findings for row in _rows(finding)]
    settings = [["setting", "value"], *([name, value] for name, value in report.settings.items())]
    facts: list[Json] = [
        {"level": f.level.value, "area": f.area, "text": f.text, "mend": f.mend or None}
        for f in report.findings
    ]
    tell(
        {"findings": facts, "settings": dict(report.settings)},
        f"{columns(settings)}\n\n{columns(rows)}",
        as_json=as_json,
    )
    if report.problems:
        raise Refused(f"problems found: {report.problems}")


def _rows(finding: Finding) -> list[list[str]]:
    found = [finding.level, finding.area, finding.text]
    return [found, ["", "", f"-> {finding.mend}"]] if finding.mend else [found]
