"""`init`: ask the platform which instances exist and write a config that watches those that run."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import ConfigOption, ExitCode, JsonOption, complain, leave

if TYPE_CHECKING:
    from ..app.inventory import Inventory
    from ..settings.load import Loaded

HOME_CONFIG = ".config/scnet-watchdog/watchdog.yaml"
PLACEHOLDER = "not-watched"
"""An id in place of instances, while there is no config: only the centers are asked."""


def init(
    config: ConfigOption = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The file to write; else that of -c, else the usual."),
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", help="The center's gateway.", show_default=False)
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", help="A file with a token; else $SCNET_USER and AK/SK."),
    ] = None,
    center: Annotated[str, typer.Option("--center", help="How the center is called.")] = "scnet",
    as_json: JsonOption = False,
) -> None:
    """Ask the platform for its instances and write a config; never over a file that exists."""
    from ..settings.load import find_config

    source = find_config(config, os.environ, Path.home())
    target = output or source or Path.home() / HOME_CONFIG
    if os.path.lexists(target):
        hint = "" if output is not None else "; -o writes another, with the credentials of this one"
        leave(ExitCode.FAILED, f"{target} exists and is never overwritten{hint}")
    loaded = _credentials(source, base_url, token_file, center)
    found = _listed(loaded)
    _write(target, loaded, found)
    _tell(target, found, as_json)


def _credentials(
    source: Path | None, base_url: str | None, token_file: Path | None, center: str
) -> "Loaded":
    """The centers to ask: those of a config that exists, of the environment, or of the options."""
    from ..adapters.registry import kinds
    from ..settings.load import SettingsError, load

    file = source if source is not None and os.path.exists(source) else None
    environ = dict(os.environ)
    if file is None:
        _lay_centers(environ, base_url, token_file, center)
    try:
        loaded = load(file, environ, kinds())
    except SettingsError as error:
        leave(ExitCode.CONFIG_INVALID, str(error))
    for warning in loaded.warnings:
        complain(f"warning: {warning}")
    return loaded


def _lay_centers(
    environ: dict[str, str], base_url: str | None, token_file: Path | None, center: str
) -> None:
    """Make the environment a whole config: a center where it names none, and an instance."""
    named = _centers_of(environ)
    if not named:
        block = {} if base_url is None else {"base_url": base_url}
        if token_file is not None:
            block["token_file"] = str(token_file.absolute())
        environ["SCNET_WATCHDOG_CENTERS"] = json.dumps({center: block})
    only = [{"id": PLACEHOLDER, "center": (named or [center])[0]}]
    environ["SCNET_WATCHDOG_INSTANCES"] = json.dumps(only)


def _centers_of(environ: dict[str, str]) -> list[str]:
    """The centers that the environment names."""
    from ..settings.overlay import lay_environment
    from ..settings.yaml_nodes import Tree

    tree = Tree({})
    lay_environment(tree, environ)
    centers = tree.value.get("centers")
    return list(centers) if isinstance(centers, dict) else []


def _listed(loaded: "Loaded") -> "Inventory":
    from ..adapters.telemetry.secrets import Secrets
    from ..app.inventory import inventory
    from ..errors import WatchdogError

    secrets = Secrets()
    try:
        found = asyncio.run(inventory(loaded, secrets.add))
    except WatchdogError as error:
        leave(ExitCode.FAILED, secrets.redact(str(error)))
    if found.problems:
        leave(ExitCode.FAILED, secrets.redact("\n".join(found.problems)))
    if not any(found.centers.values()):
        leave(ExitCode.FAILED, "the platform lists no instance: nothing is written")
    return found


def _write(target: Path, loaded: "Loaded", found: "Inventory") -> None:
    from .initial import config_text

    text = config_text(loaded.settings, found.centers)
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made anew or not at all: a file that appeared meanwhile is somebody's work.
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        leave(ExitCode.FAILED, f"{target} cannot be written: {error.strerror}")


def _tell(target: Path, found: "Inventory", as_json: bool) -> None:
    from ..core.model import DOWN

    ids: dict[bool, list[str]] = {True: [], False: []}
    for center in found.centers.values():
        for one in center:
            ids[one.status in DOWN].append(one.id)
    watched, down = ids[False], ids[True]
    if as_json:
        answer = {"path": str(target), "watched": watched, "down": down}
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
        return
    total = len(watched) + len(down)
    out = [f"{target} was written: {len(watched)} of {total} instances are watched"]
    if down:
        out.append(f"{len(down)} are down and commented out: uncomment those to be restarted")
    out.append(f"next: scnet-watchdog check --online -c {target}")
    sys.stdout.write("\n".join(out) + "\n")
