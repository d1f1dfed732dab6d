"""SQS consumers side by side, each against a strict SQS of its own.

    .venv/bin/python -m benchmarks.consumer --install --at-once 3 --json results.json

Without `--install` only consumers that are installed already (in `--environments`) take part, and
ours always does. A consumer takes about six minutes. Columns of others in the JSON file stay:

    .venv/bin/python -m benchmarks.consumer --consumers shopify-sync --json results.json
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.consumer.consumers import BBC, NAMES, RECIPES, BbcConsumer, Consumer, Ours, Peer
from benchmarks.consumer.rows import ROWS, Cells, Row, merged
from benchmarks.consumer.stage import NeverHappened

ENVIRONMENTS = Path(".benchmark-environments")


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    ours = Ours.installed()
    try:
        consumers = [ours, *_peers(options)]
        taking_part = [each for each in consumers if each.name in options.consumers]
        rows = [row for row in ROWS if row.name in options.rows]
        versions = {each.name: each.version() for each in taking_part}
        with ThreadPoolExecutor(options.at_once) as pool:
            columns = list(pool.map(lambda each: _column(each, rows), taking_part))
    finally:
        ours.dynamodb.stop()
    results = {
        name: {"version": version, "cells": cells}
        for (name, version), cells in zip(versions.items(), columns, strict=True)
    }
    if options.json:
        results = _kept(options.json, results)
    print(table(results))
    return 0


def _kept(file: Path, results: dict[str, Any]) -> dict[str, Any]:
    """The results with those of other consumers from the file, and written there."""
    before = json.loads(file.read_text()) if file.exists() else {}
    found = {**before, **results}
    ordered = {name: found[name] for name in NAMES if name in found}
    file.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
    return ordered


def table(results: Mapping[str, Any]) -> str:
    """The results as Markdown, a column for each consumer."""
    columns = [each["cells"] for each in results.values()]
    versions = [f"{name} ({each['version']})" for name, each in results.items()]
    rows = dict.fromkeys(row for cells in columns for row in cells)
    lines = [["", *versions], ["---"] * (len(columns) + 1)]
    lines += [[row, *(cells.get(row, "") for cells in columns)] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _column(consumer: Consumer, rows: Sequence[Row]) -> Cells:
    return merged([_cells(consumer, row) for row in rows])


def _cells(consumer: Consumer, row: Row) -> Cells:
    try:
        cells = row.play(consumer)
    except NeverHappened as error:
        _note(f"{consumer.name}, {row.name}: {error}")
        return {row.name: "failed"}
    for name, value in cells.items():
        _note(f"{consumer.name}: {name}: {value}")
    return cells


def _peers(options: argparse.Namespace) -> list[Consumer]:
    home: Path = options.environments
    found: list[Consumer] = [
        Peer.installed(name, home)
        for name in RECIPES
        if name in options.consumers and (options.install or (home / name / "installed").exists())
    ]
    bbc = home / "bbc-sqs-consumer" / "installed"
    wanted = BBC in options.consumers and shutil.which("npm")
    if wanted and (options.install or bbc.exists()):
        found.append(BbcConsumer.installed(home))
    return found


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.consumer", description=__doc__)
    every = [row.name for row in ROWS]
    parser.add_argument("--consumers", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--rows", nargs="+", choices=every, default=every)
    parser.add_argument("--install", action="store_true", help="install peers that are missing")
    parser.add_argument("--environments", type=Path, default=ENVIRONMENTS, help="where peers are")
    parser.add_argument("--at-once", type=int, default=1, help="consumers measured side by side")
    parser.add_argument("--json", type=Path, help="write the results there, too")
    return parser.parse_args(arguments)


def _note(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
