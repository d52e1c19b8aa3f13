"""The text of a first config: what is known of the centers, and every instance that exists.

No secret is ever written: files that hold them are named, and what came from the environment
stays there.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from ..app.inventory import Found
from ..core.model import DOWN
from ..settings.model import Center, Settings

HEAD = """\
# Written by `scnet-watchdog init` from what the platform listed. Every setting, with its default:
# docs/settings.md. Try it: `scnet-watchdog check --online`, then `scnet-watchdog run --shadow`.
"""
DOWN_NOTE = """\
  # Down when this was written. Uncomment what is to be brought back:
"""
CENTER_KEYS = ("base_url", "token_file", "verify_tls", "ca_file")
LOGIN_KEYS = (
    "user",
    "access_key_file",
    "secret_key_file",
    "cluster_id",
    "token_url",
    "center_url",
)


def config_text(settings: Settings, found: Mapping[str, Sequence[Found]]) -> str:
    """The whole file."""
    centers = {name: _center(one) for name, one in settings.centers.items()}
    head = yaml.safe_dump({"centers": centers}, allow_unicode=True, sort_keys=False)
    notes = "".join(f"# {text}\n" for text in _notes(settings))
    return HEAD + notes + "\n" + head + "\ninstances:\n" + "".join(_instances(found))


def _center(center: Center) -> dict[str, Any]:
    """What is said of a center, without its secrets."""
    block = _said(center, CENTER_KEYS)
    if center.login is not None and (login := _said(center.login, LOGIN_KEYS)):
        block["login"] = login
    return block


def _said(section: Any, keys: Sequence[str]) -> dict[str, Any]:
    set_ = section.model_fields_set
    values = {key: getattr(section, key) for key in keys if key in set_}
    return {
        key: value if isinstance(value, bool) else str(value)
        for key, value in values.items()
        if value is not None
    }


def _notes(settings: Settings) -> Iterator[str]:
    """What was used and is not written."""
    for name, center in settings.centers.items():
        if center.token is not None:
            yield f"centers.{name}: its token is not written here; give it as token_file."
        login = center.login
        if login is not None and not login.access_key_file:
            yield f"centers.{name}: AK/SK are not written here; they stay in the environment."


def _instances(found: Mapping[str, Sequence[Found]]) -> Iterator[str]:
    several = len(found) > 1
    rows = [(center, one) for center, all_ in found.items() for one in all_]
    for center, one in rows:
        if one.status not in DOWN:
            yield f"  - {_entry(center, one, several)}  # {_called(one)}{one.status}\n"
    down = [(center, one) for center, one in rows if one.status in DOWN]
    if down:
        yield DOWN_NOTE
    for center, one in down:
        yield f"  # - {_entry(center, one, several)}  # {_called(one)}{one.status}\n"


def _entry(center: str, one: Found, several: bool) -> str:
    id_ = json.dumps(str(one.id), ensure_ascii=False)
    return f"{{id: {id_}, center: {json.dumps(center)}}}" if several else id_


def _called(one: Found) -> str:
    return f"{one.name}: " if one.name else ""
