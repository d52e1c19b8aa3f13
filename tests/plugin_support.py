"""The example plug-in as if it were installed: its module and its entry points on a path."""

import shutil
import tomllib
from pathlib import Path

PLUGIN = Path(__file__).parent / "plugin"


def install(folder: Path, name: str | None = None, points: dict[str, str] | None = None) -> None:
    """Lay out what an installer lays out, from the distribution's own pyproject.

    Args:
        name: another distribution instead of the example.
        points: entry points of that other distribution.
    """
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]
    named = name or project["name"]
    found = points or project["entry-points"]["scnet_watchdog.sources"]
    for module in PLUGIN.glob("*.py"):
        shutil.copy(module, folder)
    info = folder / f"{named.replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {named}\nVersion: {project['version']}\n"
    )
    lines = "\n".join(f"{kind} = {value}" for kind, value in found.items())
    (info / "entry_points.txt").write_text(f"[scnet_watchdog.sources]\n{lines}\n")
