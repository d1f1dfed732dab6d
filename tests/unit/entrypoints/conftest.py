"""A person at a terminal."""

from __future__ import annotations

import pytest

from tests.at_hand import Terminal


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)
