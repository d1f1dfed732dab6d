"""Which version of the product this is."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

NAME = "shopify-sync"
_PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def version() -> str:
    """The installed version, or that of the source tree (the container image has no more)."""
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return _of_the_source_tree()


def _of_the_source_tree() -> str:
    try:
        project = tomllib.loads(_PROJECT.read_text())
    except OSError:
        return "unknown"
    return str(project.get("project", {}).get("version", "unknown"))
