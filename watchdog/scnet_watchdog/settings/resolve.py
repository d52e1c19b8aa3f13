"""What only this machine knows: relative paths, secrets in files, SCNET_* variables."""

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from .overlay import read_secret
from .problem import Path, Problem
from .yaml_nodes import Tree

SCNET_VARIABLES = {
    "user": "SCNET_USER",
    "access_key": "SCNET_ACCESS_KEY",
    "secret_key": "SCNET_SECRET_KEY",
}
"""Login fields and the variables that stand in for them."""


def resolve(tree: Tree, environ: Mapping[str, str], base: FilePath) -> list[tuple[Path, FilePath]]:
    """Fill the tree in; return the files that hold secrets, with their places."""
    files = _paths(tree, base)
    centers = tree.value.get("centers")
    for name, center in (centers if isinstance(centers, dict) else {}).items():
        if center is None:
            center = centers[name] = {}
        if isinstance(center, dict):
            _login(tree, ("centers", name), center, environ)
    return files


def _paths(tree: Tree, base: FilePath) -> list[tuple[Path, FilePath]]:
    """Make paths absolute; return those of secrets."""
    secrets: list[tuple[Path, FilePath]] = []
    for path, block in _blocks(tree.value):
        for key in ("token_file", "access_key_file", "secret_key_file", "url_file"):
            if isinstance(block.get(key), str):
                block[key] = absolute(block[key], base)
                secrets.append(((*path, key), block[key]))
        for key in ("ca_file", "file", "socket"):
            if isinstance(block.get(key), str):
                block[key] = absolute(block[key], base)
    return secrets


def _blocks(config: Mapping[str, Any]) -> list[tuple[Path, dict[str, Any]]]:
    """The blocks that may name files."""
    found: list[tuple[Path, Any]] = [
        ((key,), config.get(key)) for key in ("log", "server", "heartbeat")
    ]
    centers = config.get("centers")
    for name, center in (centers if isinstance(centers, dict) else {}).items():
        found.append((("centers", name), center))
        if isinstance(center, dict):
            found.append((("centers", name, "login"), center.get("login")))
    channels = config.get("notify")
    for i, channel in enumerate(channels if isinstance(channels, list) else ()):
        found.append((("notify", i), channel))
    return [(path, block) for path, block in found if isinstance(block, dict)]


def absolute(text: str, base: FilePath) -> FilePath:
    """A path as written in the config: `~` is home, the rest is relative to the config."""
    try:
        path = FilePath(text).expanduser()
    except RuntimeError:
        # No home folder is known for this user: taken literally.
        path = FilePath(text)
    return path if path.is_absolute() else base / path


def _login(tree: Tree, path: Path, center: dict[str, Any], environ: Mapping[str, str]) -> None:
    """Exactly one way to log in; what is left out of AK/SK comes from the environment."""
    ways = [key for key in ("token", "token_file", "login") if center.get(key) is not None]
    if len(ways) > 1:
        text = f"{' and '.join(ways)} exclude each other; keep one"
        tree.problems.append(Problem(path, text, tree.mark_of((*path, ways[1]), of_key=True)))
    elif not ways:
        login = center["login"] = {
            key: environ[name] for key, name in SCNET_VARIABLES.items() if environ.get(name)
        }
        missing = ", ".join(name for key, name in SCNET_VARIABLES.items() if key not in login)
        if missing:
            text = f"no way to log in: give token, token_file or login, or set {missing}"
            tree.problems.append(Problem(path, text, tree.mark_of(path, of_key=True)))
            center["login"] = None
    elif isinstance(center.get("login"), dict):
        _filled(tree, (*path, "login"), center["login"], environ)
    elif center.get("base_url") is None and ways != ["login"]:
        text = "is required with a token; only AK/SK can ask the platform for it"
        tree.problems.append(Problem((*path, "base_url"), text, tree.mark_of(path, of_key=True)))


def _filled(tree: Tree, path: Path, login: dict[str, Any], environ: Mapping[str, str]) -> None:
    _secrets(tree, path, login)
    for key, variable in SCNET_VARIABLES.items():
        if login.get(key) is None and environ.get(variable):
            login[key] = environ[variable]
        if login.get(key) is None and not _told(tree, (*path, f"{key}_file")):
            either = "" if key == "user" else f", {key}_file"
            text = f"is required: give {key}{either} or ${variable}"
            tree.problems.append(Problem((*path, key), text, tree.mark_of(path, of_key=True)))


def _told(tree: Tree, path: Path) -> bool:
    return any(problem.path == path for problem in tree.problems)


def _secrets(tree: Tree, path: Path, login: dict[str, Any]) -> None:
    for key in ("access_key", "secret_key"):
        file = login.get(f"{key}_file")
        if not isinstance(file, FilePath):
            continue
        if login.get(key) is not None:
            where = (*path, f"{key}_file")
            text = f"{key} and {key}_file exclude each other; keep one"
            tree.problems.append(Problem(where, text, tree.mark_of(where, of_key=True)))
            continue
        text_ = read_secret(tree, (*path, f"{key}_file"), file)
        if text_ is not None:
            login[key] = text_.strip()
