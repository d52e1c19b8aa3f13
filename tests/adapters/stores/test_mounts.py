"""A state on a network file system is warned of."""

from pathlib import Path

import pytest

from scnet_watchdog.adapters.stores.mounts import network_type, network_warning

TABLE = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /home rw - nfs4 server:/home rw,vers=4.2
31 30 8:2 / /home/local\040disk rw master:1 - xfs /dev/sdb1 rw
32 22 0:41 / /data rw - lustre 10.0.0.1@tcp:/data rw
33 32 0:42 / /data/old rw - nfs old:/ rw
34 33 8:3 / /data/old rw - ext4 /dev/sdc rw
a line of another kind
"""


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/var/lib/x", None),
        ("/home/alice/.local/state", "nfs4"),
        ("/homeless", None),
        ("/home/local disk/x", None),
        ("/data/x", "lustre"),
        ("/data/old/x", None),  # a later mount hides the earlier one
    ],
)
def test_the_nearest_mount_says_what_a_folder_lies_on(folder: str, expected: str | None) -> None:
    assert network_type(Path(folder), TABLE) == expected


def test_the_warning_names_the_place_and_what_it_lies_on(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("22 1 0:40 / / rw - nfs4 server:/ rw\n")
    said = network_warning(tmp_path / "state.db", mounts)
    assert said is not None
    assert f"{tmp_path / 'state.db'} lies on a network file system (nfs4)" in said
    mounts.write_text("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    assert network_warning(tmp_path / "state.db", mounts) is None


def test_without_a_table_of_mounts_nothing_is_said(tmp_path: Path) -> None:
    assert network_warning(tmp_path / "state.db", tmp_path / "no table") is None
