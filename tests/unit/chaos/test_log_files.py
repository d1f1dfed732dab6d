"""What the chaos check reads in the workers' logs."""

from __future__ import annotations

import json
from pathlib import Path

from tests.chaos.log_files import Logs

STORED = json.dumps({"event": "page stored", "runId": "r", "page": 3})


class TestLogs:
    def test_count_a_page_in_whichever_worker_s_log_it_is(self, tmp_path: Path) -> None:
        for name in ("a.log", "b.log"):
            (tmp_path / name).write_text(f"{STORED}\n")
        logs = Logs.of(sorted(tmp_path.iterdir()))
        assert logs.stored == {("r", 3): 2}
        assert logs.stored_twice == 1

    def test_are_read_up_to_where_sigkill_cut_them_off(self, tmp_path: Path) -> None:
        (tmp_path / "a.log").write_text(f"{STORED}\n{STORED[:20]}")
        logs = Logs.of(tmp_path.iterdir())
        assert logs.stored == {("r", 3): 1}
        assert logs.complaints == []

    def test_show_bugs_and_tracebacks(self, tmp_path: Path) -> None:
        bug = json.dumps({"event": "message settled", "reason": "bug", "error": "KeyError in f"})
        (tmp_path / "a.log").write_text(f"{bug}\nTraceback (most recent call last):\n")
        assert Logs.of(tmp_path.iterdir()).complaints == [
            "a.log: message settled: KeyError in f",
            "a.log: a traceback",
        ]
