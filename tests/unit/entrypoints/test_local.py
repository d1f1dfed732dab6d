"""`sandbox` and `demo` where the sandbox's libraries are not installed."""

from __future__ import annotations

import sys

import pytest

from tests.at_hand import Terminal


class TestSandbox:
    @pytest.mark.parametrize(
        ("command", "module"), [("sandbox", "sandbox.processes"), ("demo", "entrypoints.demo")]
    )
    def test_says_what_is_missing(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, command: str, module: str
    ) -> None:
        class NotInstalled:
            def find_spec(self, name: str, *_: object) -> None:
                if name == module:
                    raise ModuleNotFoundError(name="moto")

        monkeypatch.setattr(sys, "meta_path", [NotInstalled(), *sys.meta_path])
        monkeypatch.delitem(sys.modules, module, raising=False)
        terminal.type(command)
        assert terminal.code == 2
        assert "libraries are not installed (moto is missing)" in terminal.err
        assert "make setup" in terminal.err
