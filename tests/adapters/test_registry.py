"""Kinds of sources by entry point: built-in ones and strangers' alike, imported when asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fakes import KEY, T0, FakeClock
from plugin_support import install
from scnet_watchdog.adapters.plugin import SourceContext
from scnet_watchdog.adapters.registry import UnknownKind, kinds
from scnet_watchdog.adapters.scnet.source import ScnetOptions, ScnetSource
from scnet_watchdog.adapters.sources.file import FileOptions, FileSource
from scnet_watchdog.core.model import InstanceId, Page, Status
from scnet_watchdog.settings.load import load
from scnet_watchdog.settings.problem import SettingsError

CONFIG = """
centers: {kunshan: {base_url: "http://127.0.0.1:1", token: x}}
sources: {beats: {type: heartbeat, interval: 30s, %s}}
instances: [{id: alive, source: beats}]
"""


def test_built_in_kinds_are_found_by_entry_point() -> None:
    found = kinds()
    assert {"scnet", "file"} <= set(found)
    assert "scnet" in found
    assert len(found) == len(list(found))
    assert (found["scnet"], found["file"]) == (ScnetOptions, FileOptions)
    assert found.kind("scnet") is ScnetSource
    assert found.kind("file") is FileSource


def test_an_unknown_kind_is_told_which_ones_there_are() -> None:
    with pytest.raises(UnknownKind, match=r'unknown source type "flie"; known: file, scnet'):
        kinds().kind("flie")
    assert kinds().get("flie") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("no_such_module:Source", "cannot be loaded: No module named"),
        ("watchdog_heartbeat:NoSuchClass", "cannot be loaded"),
        ("watchdog_heartbeat:Path", "no Options or no build"),
    ],
)
def test_a_broken_plug_in_harms_only_who_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, text: str
) -> None:
    install(tmp_path, "broken", {"broken": value})
    monkeypatch.syspath_prepend(tmp_path)
    assert kinds()["file"] is FileOptions
    with pytest.raises(UnknownKind, match=text):
        kinds().kind("broken")


def test_two_distributions_with_the_same_kind_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody may take the place of a built-in kind unnoticed."""
    install(tmp_path, "thief", {"scnet": "watchdog_heartbeat:HeartbeatSource"})
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UnknownKind, match=r"ambiguous: scnet_watchdog.*watchdog_heartbeat"):
        kinds().kind("scnet")


async def test_the_example_plug_in_is_found_built_and_polled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    beats = tmp_path / "beats"
    beats.mkdir()
    # 121 s and 119 s before now; a file may be two minutes old.
    for name, age in (("silent", 121), ("alive", 119)):
        (beats / name).touch()
        os.utime(beats / name, (T0.timestamp() - age, T0.timestamp() - age))
    context = SourceContext(KEY, FakeClock(), tmp_path, None, lambda _: None)
    source = kinds().kind("heartbeat").build({"folder": "beats"}, context)
    pages: list[Page] = []
    swept = await source.poll(
        [InstanceId(name) for name in ("alive", "silent", "new")], pages.append
    )
    assert pages[0].rows == {"alive": Status.RUNNING, "silent": Status.STOPPED}
    assert swept.absent == {"new"}


def test_a_plug_ins_options_are_checked_with_the_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "watchdog.yaml"
    path.write_text(CONFIG % "folder: beats")
    assert load(path, {}, kinds()).settings.sources["beats"].options == {"folder": "beats"}
    path.write_text(CONFIG % "foldr: beats")
    with pytest.raises(SettingsError, match=r'foldr: unknown key; did you mean "folder"\?'):
        load(path, {}, kinds())


def test_a_kind_that_nobody_uses_is_not_imported(tmp_path: Path) -> None:
    install(tmp_path)
    program = (
        "import json, sys; from scnet_watchdog.adapters.registry import kinds; found = kinds();"
        "before = [n for n in ('watchdog_heartbeat', 'httpx', 'yaml') if n in sys.modules];"
        "found['heartbeat']; print(json.dumps([before, 'watchdog_heartbeat' in sys.modules]))"
    )
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == [[], True]


def test_every_built_in_kind_and_its_options_are_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
    for kind, options in kinds().items():
        assert f"| `{kind}` |" in page
        for name in options.model_fields:
            assert f"`{name}" in page
