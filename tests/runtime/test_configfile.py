"""Whether the config changed on disk is told by its content, not by its dates."""

import os
from pathlib import Path

from scnet_watchdog.runtime.configfile import ConfigFile


def test_a_file_is_changed_while_its_content_is_another(tmp_path: Path) -> None:
    path = tmp_path / "watchdog.yaml"
    path.write_text("a: 1")
    file = ConfigFile(path)
    assert file.facts() == {"path": str(path), "changed_on_disk": False, "rejected": None}
    os.utime(path, (1, 1))
    assert file.facts()["changed_on_disk"] is False
    path.write_text("a: 2")
    file.rejected = "line 1: wrong"
    assert (file.facts()["changed_on_disk"], file.facts()["rejected"]) == (True, "line 1: wrong")
    file.loaded(file.content())
    assert file.facts() == {"path": str(path), "changed_on_disk": False, "rejected": None}
    path.unlink()
    assert file.facts()["changed_on_disk"] is True


def test_a_config_of_the_environment_alone_never_changes() -> None:
    assert ConfigFile(None).facts() == {
        "path": None,
        "changed_on_disk": False,
        "rejected": None,
    }
