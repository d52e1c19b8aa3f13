"""The checks can fail: each fault that is put into the code breaks the invariant it should."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import scnet_watchdog
from simulation.mutants import MUTANTS, Mutant
from simulation.stage import tell

PACKAGE = Path(scnet_watchdog.__file__).parent
TESTS = Path(__file__).parents[1]
FIRST = {mutant.invariant: mutant for mutant in reversed(MUTANTS)}
SOME = [
    pytest.param(
        mutant,
        id=str(mutant),
        # One for each invariant is told with the ordinary tests, the others by `make prove`.
        marks=() if FIRST[mutant.invariant] is mutant else (pytest.mark.prove,),
    )
    for mutant in MUTANTS
]
INVARIANTS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")


def mutated(mutant: Mutant, folder: Path) -> Path:
    """A copy of the package with the fault in it."""
    copy = folder / PACKAGE.name
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text, other in mutant.edits:
        path = copy / name
        path.write_text(path.read_text(encoding="utf-8").replace(text, other), encoding="utf-8")
    return folder


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_what_a_fault_changes_stands_in_the_code_once(mutant: Mutant) -> None:
    for name, text, _ in mutant.edits:
        assert (PACKAGE / name).read_text(encoding="utf-8").count(text) == 1, f"{name}: {text!r}"


@pytest.mark.parametrize("mutant", SOME)
def test_its_story_holds_with_the_code_as_it_is(mutant: Mutant) -> None:
    told = tell(mutant.story)
    assert told.violation is None, "\n".join(told.lines[-40:])
    assert told.calls or mutant.invariant == "vii"


@pytest.mark.parametrize("mutant", SOME)
def test_the_simulation_catches_a_fault(mutant: Mutant, tmp_path: Path) -> None:
    story = tmp_path / "story.json"
    story.write_text(mutant.story.dumped(), encoding="utf-8")
    path = os.pathsep.join([str(mutated(mutant, tmp_path / "mutated")), str(TESTS)])
    ended = subprocess.run(
        [sys.executable, "-m", "simulation.prove", "--story", str(story)],
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert ended.returncode == 1, ended.stdout[-2000:] + ended.stderr[-2000:]
    assert ended.stdout.splitlines()[-1].startswith(f"({mutant.invariant})"), ended.stdout[-2000:]


def test_every_invariant_has_a_fault_that_breaks_it() -> None:
    assert {mutant.invariant for mutant in MUTANTS} == set(INVARIANTS)
