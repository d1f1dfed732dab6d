"""Bugs that are put into the code on purpose, to show that some suite would find them.

A planted bug is a change of one place of one module's source. It is made while the module is being
imported: nothing on disk changes, and the process that planted it is spoilt for anything else, so
each bug gets a process of its own:

    plant(bug)                                # before anything imports the module
    ended = pytest.main([...])                # or whatever is to find it
    assert took_root(bug) and ended == 1

pytest imports tests, `conftest.py` and its plugins by an importer of its own, which comes first:
such modules take no bug, everything that they import does. `took_root` tells.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec, spec_from_file_location
from types import CodeType, ModuleType


class DoesNotFit(ValueError):
    """The bug cannot be planted in the source as it is now."""


class TooLate(RuntimeError):
    """The module was imported before the bug was planted, or has another bug."""


@dataclass(frozen=True, slots=True)
class PlantedBug:
    """In the source of `module`, `old` becomes `new`; `why` says which promise that breaks.

    `module` is a dotted name. `old` occurs exactly once; line breaks and indentation count.
    """

    name: str
    module: str
    old: str
    new: str
    why: str

    def __post_init__(self) -> None:
        if self.old == self.new:
            raise DoesNotFit(f"{self.name}: changes nothing")


def changed_source(bug: PlantedBug) -> str:
    """The module's source with the bug in it; raises `DoesNotFit` with what is wrong."""
    file = _file(bug)
    source = file.get_source(bug.module) or ""
    found = source.count(bug.old)
    if found != 1:
        raise DoesNotFit(f"{bug.name}: occurs {found} times, not once, in {file.path}: {bug.old}")
    changed = source.replace(bug.old, bug.new)
    try:
        compile(changed, file.path, "exec")
    except SyntaxError as error:
        raise DoesNotFit(f"{bug.name}: {file.path} would not compile: {error}") from error
    return changed


def plant(bug: PlantedBug) -> None:
    """Whoever imports the module from now on gets it with the bug in it.

    Raises `DoesNotFit`, or `TooLate` if the module has been imported or has a bug already.
    """
    if bug.module in sys.modules:
        raise TooLate(f"{bug.name}: {bug.module} has been imported already")
    if any(isinstance(finder, _Finder) and finder.finds(bug.module) for finder in sys.meta_path):
        raise TooLate(f"{bug.name}: {bug.module} has a bug already")
    loader = _Loader(bug.module, _file(bug).path, changed_source(bug))
    if bug.module in sys.modules:
        raise TooLate(f"{bug.name}: a package around {bug.module} imports it")
    sys.meta_path.insert(0, _Finder(loader))


def took_root(bug: PlantedBug) -> bool:
    """Whether the module was imported with the bug in it."""
    spec = getattr(sys.modules.get(bug.module), "__spec__", None)
    return isinstance(getattr(spec, "loader", None), _Loader)


def _file(bug: PlantedBug) -> SourceFileLoader:
    """Imports the packages around the module, not the module."""
    try:
        spec = find_spec(bug.module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or not isinstance(spec.loader, SourceFileLoader):
        raise DoesNotFit(f"{bug.name}: there is no Python source of {bug.module}")
    return spec.loader


class _Loader(SourceFileLoader):
    """Compiles a source of its own in place of the file's, and never looks at the cache."""

    def __init__(self, fullname: str, path: str, source: str) -> None:
        super().__init__(fullname, path)
        self._source = source

    def get_source(self, fullname: str) -> str:
        del fullname
        return self._source

    def get_code(self, fullname: str) -> CodeType:
        del fullname
        return compile(self._source, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    """Finds one module."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader

    def finds(self, module: str) -> bool:
        return self._loader.name == module

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if not self.finds(fullname):
            return None
        return spec_from_file_location(fullname, self._loader.path, loader=self._loader)
