"""The demo: a newcomer's first command."""

from __future__ import annotations

import subprocess
import sys

from tests.e2e.running import ROOT


class TestTheDemo:
    def test_shows_a_kill_and_a_resume_and_ends_by_itself(self) -> None:
        shown = subprocess.run(
            [sys.executable, "-m", "entrypoints", "demo"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert shown.returncode == 0, shown.stdout + shown.stderr
        said = " ".join(shown.stdout.split())
        assert "worker killed (SIGKILL)" in said
        assert "Orders in the shop: 1,250; items in the table orders: 1,250" in said
        assert "Every order exactly once: yes" in said
        assert "Traceback" not in shown.stderr
