"""The container image, as far as it can be shown without a container engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
FINAL = DOCKERFILE.rpartition("\nFROM ")[2]


def copied() -> list[str]:
    """What the final stage takes from the repository."""
    return re.findall(r"^COPY (?!--from)(\S+) \S+$", FINAL, flags=re.MULTILINE)


def value(instruction: str) -> str:
    (found,) = re.findall(rf"^{instruction} (.+)$", FINAL, flags=re.MULTILINE)
    return str(found)


class TestTheImage:
    def test_starts_the_process_itself_so_that_it_gets_sigterm(self) -> None:
        assert json.loads(value("ENTRYPOINT")) == ["python", "-m", "entrypoints"]
        assert json.loads(value("CMD")) == ["worker"]
        assert value("STOPSIGNAL") == "SIGTERM"

    def test_does_not_run_as_root(self) -> None:
        assert int(value("USER")) > 0

    def test_installs_nothing_that_is_not_locked(self) -> None:
        installs = re.findall(r"pip install.*", DOCKERFILE)
        assert installs
        assert all("--require-hashes" in install for install in installs)

    def test_has_all_that_the_program_needs(self, tmp_path: Path) -> None:
        shown = run_alone(tmp_path, "--help")
        assert shown.returncode == 0, shown.stderr
        assert "worker" in shown.stdout

    def test_says_that_it_has_no_sandbox(self, tmp_path: Path) -> None:
        for command in ("demo", "sandbox"):
            shown = run_alone(tmp_path / command, command)
            assert shown.returncode == 2
            assert "the sandbox's libraries are not installed" in shown.stderr


def run_alone(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the files of the image, alone in a folder: the sandbox and the tests are not there."""
    folder.mkdir(exist_ok=True)
    for name in copied():
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    program = (
        "import runpy, sys; sys.modules['sandbox'] = None; "
        f"sys.argv = ['shopify-sync', *{list(arguments)!r}]; "
        "runpy.run_module('entrypoints', run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
