"""The page of the architecture shows the code as it is."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ROOT / "watchdog" / "scnet_watchdog"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PLACES = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]


@pytest.mark.parametrize("folder", ["core", "engine"])
def test_every_module_of_the_inner_layers_has_its_place(folder: str) -> None:
    cells = re.findall(rf"`{folder}/([\w ]+)`", "".join(PLACES))
    told = [name for cell in cells for name in cell.split()]
    there = {path.stem for path in (CODE / folder).glob("*.py")} - {"__init__"}
    assert set(told) == there
    assert len(told) == len(there), "named twice"


def test_every_folder_of_the_package_has_its_place() -> None:
    for path in CODE.iterdir():
        if path.is_dir() and (path / "__init__.py").exists():
            assert f"`{path.name}/" in "".join(PLACES), path.name


def test_the_layers_are_those_that_the_checks_enforce() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = contracts["tool"]["importlinter"]["contracts"][0]["layers"]
    assert f"`{' · '.join(layers)}`" in " ".join(PAGE.split())


def test_the_recipes_for_contributors_name_files_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:\w+/)+[\w.]+\.\w+)`", text)
    assert paths
    for path in paths:
        assert (ROOT / path).exists() or (CODE / path).exists(), path
