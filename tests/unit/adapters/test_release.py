"""Which version of the product this is."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from adapters import release

PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]


def missing(name: str) -> str:
    raise metadata.PackageNotFoundError(name)


class TestVersion:
    def test_is_that_of_the_project(self) -> None:
        assert release.version() == PROJECT["version"]

    def test_is_the_same_where_only_the_source_tree_is_there(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(metadata, "version", missing)
        assert release.version() == PROJECT["version"]
