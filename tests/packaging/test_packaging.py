"""The distribution: its own import name, beside PyPI's `watchdog`, and nothing of anyone else's."""

import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-P", "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own that sees our dependencies, but not ourselves."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    asks = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([python, "-c", asks], check=True, capture_output=True, text=True)
    ours = sysconfig.get_path("purelib")
    (Path(site.stdout.strip()) / "dependencies.pth").write_text(ours + "\n")
    return folder


def pip(environment: Path, *arguments: str) -> None:
    python = str(environment / "bin" / "python")
    subprocess.run([python, "-P", "-m", "pip", "-q", *arguments], check=True)


def run(environment: Path, code: str) -> str:
    python = str(environment / "bin" / "python")
    done = subprocess.run([python, "-P", "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.packaging
@pytest.mark.timeout(300)
def test_the_wheel_holds_our_package_alone_with_its_types_and_migrations(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"scnet_watchdog"}
    assert "scnet_watchdog/py.typed" in names
    assert "scnet_watchdog/adapters/stores/migrations/001_first.sql" in names
    ours = [name for name in names if ".dist-info" not in name]
    page = "scnet_watchdog/adapters/web/page/"
    assert page + "index.html" in names
    code = [name for name in ours if Path(name).suffix in (".py", ".sql") or name.startswith(page)]
    stray = [name for name in ours if name not in code]
    assert stray == ["scnet_watchdog/py.typed"], "files in the folder would be shipped"


OURS = "import scnet_watchdog.cli.main as ours; print(ours.app.info.name)"
THEIRS = (
    "import watchdog.events, watchdog.observers;"
    "print(watchdog.events.FileModifiedEvent('x').src_path)"
)


@pytest.mark.packaging
@pytest.mark.parametrize("ours_first", [True, False])
@pytest.mark.timeout(300)
def test_it_lives_beside_the_other_watchdog_and_either_leaves_the_other_whole(
    wheel: Path, elsewhere: Path, ours_first: bool
) -> None:
    ours, theirs = [str(wheel), "--no-deps"], ["watchdog", "--no-deps"]
    for one in (ours, theirs) if ours_first else (theirs, ours):
        pip(elsewhere, "install", "--force-reinstall", *one)
    assert run(elsewhere, OURS) == "scnet-watchdog"
    assert run(elsewhere, THEIRS) == "x"
    pip(elsewhere, "uninstall", "-y", "scnet-watchdog")
    assert run(elsewhere, THEIRS) == "x"
    pip(elsewhere, "install", *ours)
    pip(elsewhere, "uninstall", "-y", "watchdog")
    assert run(elsewhere, OURS) == "scnet-watchdog"


@pytest.mark.packaging
@pytest.mark.timeout(300)
def test_the_installed_program_answers_and_its_kinds_of_sources_load(
    wheel: Path, elsewhere: Path
) -> None:
    pip(elsewhere, "install", "--force-reinstall", "--no-deps", str(wheel))
    version = subprocess.run(
        [elsewhere / "bin" / "scnet-watchdog", "--version"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert version.stdout.startswith("scnet-watchdog ")
    loads = (
        "from importlib.metadata import distribution;"
        "points = distribution('scnet-watchdog').entry_points;"
        "kinds = points.select(group='scnet_watchdog.sources');"
        "print(sorted(one.name for one in kinds if one.load()))"
    )
    assert run(elsewhere, loads) == "['file', 'scnet']"


def test_the_pins_name_every_dependency_and_no_address() -> None:
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-", text, re.MULTILINE), "an option rather than a pin"
    pinned = {_plain(line.split("==")[0]) for line in text.splitlines() if "==" in line}
    groups = PROJECT["dependency-groups"]
    wanted = [*PROJECT["project"]["dependencies"], *groups["test"], *groups["qa"]]
    for requirement in wanted:
        assert _plain(re.split(r"[<>=\[ ]", requirement)[0]) in pinned, requirement


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_version_answers_before_anything_heavy_is_imported() -> None:
    code = (
        "import sys; sys.argv = ['scnet-watchdog', '--version'];"
        "from scnet_watchdog.__main__ import main; main();"
        "print(sorted({'httpx','pydantic','typer','apscheduler','structlog','rich'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[1:] == ["[]"]
