"""No module of the core comes without a property: each is named at the head of a property test."""

import ast
import re
from pathlib import Path

from scnet_watchdog import core

MODULES = {file.stem for file in Path(core.__file__).parent.glob("*.py")} - {"__init__"}


def named(file: Path) -> set[str]:
    """The modules that a test file's docstring names."""
    head = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return set(re.findall(r"\bcore\.(\w+)", head))


def test_every_module_of_the_core_is_named_by_a_property_test() -> None:
    files = Path(__file__).parent.glob("test_properties_*.py")
    covered = set().union(*map(named, files))
    # A new module: write what holds for it whatever comes, and name it there.
    assert MODULES - covered == set()
    # A module that is gone is named no more.
    assert covered - MODULES == set()
