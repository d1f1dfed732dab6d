"""Bugs put into modules that are imported afterwards."""

from __future__ import annotations

import sys
import traceback
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from tests.planting import DoesNotFit, PlantedBug, TooLate, changed_source, plant, took_root

SOURCE = '''"""Prices."""


def total(prices: list[int]) -> int:
    if not prices:
        return 0
    return sum(prices)
'''
BUG = PlantedBug("nothing costs one", "shop_of_tests.prices", "return 0", "return 1", "free is 0")


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that nobody has imported; what a test imports and plants is gone after it."""
    package = tmp_path / "shop_of_tests"
    package.mkdir()
    (package / "__init__.py").write_text('"""A package."""\n')
    (package / "prices.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for name in ("shop_of_tests", "shop_of_tests.prices"):
        monkeypatch.setitem(sys.modules, name, sys)
        del sys.modules[name]
    return package / "prices.py"


class TestAPlantedBug:
    def test_is_in_the_module_that_is_imported(self) -> None:
        plant(BUG)
        assert import_module(BUG.module).total([]) == 1
        assert took_root(BUG)

    def test_leaves_the_rest_of_the_module_as_it_is(self, file: Path) -> None:
        plant(BUG)
        prices = import_module(BUG.module)
        assert prices.total([1, 2]) == 3
        assert (prices.__doc__, prices.__file__) == ("Prices.", str(file))

    def test_may_span_lines(self) -> None:
        plant(replace(BUG, old="        return 0\n    return sum(prices)", new="        return 9"))
        assert import_module(BUG.module).total([]) == 9

    def test_changes_nothing_on_disk(self, file: Path) -> None:
        import_module(BUG.module)
        del sys.modules[BUG.module]
        files = {each: each.read_bytes() for each in file.parent.rglob("*.*")}
        plant(BUG)
        assert import_module(BUG.module).total([]) == 1
        assert {each: each.read_bytes() for each in file.parent.rglob("*.*")} == files

    def test_may_be_in_a_package(self) -> None:
        plant(replace(BUG, module="shop_of_tests", old="A package", new="A spoilt package"))
        assert import_module("shop_of_tests").__doc__ == "A spoilt package."
        assert import_module(BUG.module).total([]) == 0

    def test_may_have_company(self) -> None:
        plant(replace(BUG, module="shop_of_tests", old="A package", new="A spoilt package"))
        plant(BUG)
        assert import_module(BUG.module).total([]) == 1
        assert import_module("shop_of_tests").__doc__ == "A spoilt package."

    def test_leaves_tracebacks_readable(self, file: Path) -> None:
        plant(replace(BUG, old="sum(prices)", new="sum(prices) / 0"))
        with pytest.raises(ZeroDivisionError) as raised:
            import_module(BUG.module).total([1])
        last = traceback.extract_tb(raised.value.__traceback__)[-1]
        assert (last.filename, last.lineno) == (str(file), 7)

    def test_takes_root_only_where_the_module_is_imported(self) -> None:
        assert not took_root(BUG)
        plant(BUG)
        assert not took_root(BUG)

    def test_has_not_taken_root_in_a_module_imported_as_it_is(self) -> None:
        import_module(BUG.module)
        assert not took_root(BUG)


class TestABugThatDoesNotFit:
    @pytest.mark.parametrize(("old", "times"), [("return 2", 0), ("return", 2)])
    def test_says_how_often_its_place_occurs(self, old: str, times: int) -> None:
        with pytest.raises(DoesNotFit, match=f"nothing costs one: occurs {times} times, not once"):
            plant(replace(BUG, old=old))

    @pytest.mark.parametrize("module", ["shop_of_tests.nowhere", "no_shop_of_tests.prices", "time"])
    def test_says_that_there_is_no_such_source(self, module: str) -> None:
        with pytest.raises(DoesNotFit, match=f"no Python source of {module}"):
            changed_source(replace(BUG, module=module))

    def test_says_that_the_code_would_not_compile(self) -> None:
        with pytest.raises(DoesNotFit, match="would not compile"):
            plant(replace(BUG, new="return )"))

    def test_says_that_it_changes_nothing(self) -> None:
        with pytest.raises(DoesNotFit, match="changes nothing"):
            replace(BUG, new=BUG.old)

    def test_says_that_it_is_too_late(self) -> None:
        import_module(BUG.module)
        with pytest.raises(TooLate, match=r"shop_of_tests\.prices has been imported already"):
            plant(BUG)

    def test_says_that_a_package_around_it_imports_it(self, file: Path) -> None:
        (file.parent / "__init__.py").write_text("import shop_of_tests.prices\n")
        with pytest.raises(TooLate, match="a package around"):
            plant(BUG)

    def test_says_that_another_bug_is_there(self) -> None:
        plant(BUG)
        with pytest.raises(TooLate, match="has a bug already"):
            plant(replace(BUG, new="return 2"))
