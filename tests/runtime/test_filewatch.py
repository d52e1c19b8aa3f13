"""Which files changed."""

import os
from pathlib import Path

from scnet_watchdog.runtime.filewatch import FileWatch


def test_a_file_that_is_replaced_is_told_once(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("one")
    watch = FileWatch([token])
    assert watch.changed() == []
    new = tmp_path / "new"
    new.write_text("two")
    os.replace(new, token)
    assert watch.changed() == [token]
    assert watch.changed() == []


def test_a_file_that_vanished_is_told_when_it_is_back(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("one")
    watch = FileWatch([token])
    token.unlink()
    assert watch.changed() == []
    token.write_text("another")
    assert watch.changed() == [token]


def test_a_swapped_link_counts_as_a_change(tmp_path: Path) -> None:
    # As Kubernetes swaps a ConfigMap: the path stays, the target changes.
    for name in ("first", "second"):
        (tmp_path / name).write_text(name)
    link = tmp_path / "config"
    link.symlink_to(tmp_path / "first")
    watch = FileWatch([link])
    link.unlink()
    link.symlink_to(tmp_path / "second")
    assert watch.changed() == [link]


def test_files_no_longer_watched_are_forgotten(tmp_path: Path) -> None:
    token = tmp_path / "token"
    watch = FileWatch([token])
    watch.watch([])
    token.write_text("one")
    assert watch.changed() == []
