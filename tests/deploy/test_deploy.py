"""What is shipped to run it: unit, sysusers file, compose file.

Nothing here needs systemd or a container engine to run; what needs their tools is skipped, visibly,
where they are missing.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.runtime.lifecycle import DRAIN_LIMIT
from scnet_watchdog.settings.load import load
from scnet_watchdog.settings.units import parse_duration

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "deploy" / "systemd"
UNIT = SYSTEMD / "scnet-watchdog.service"
DOCKER = ROOT / "deploy" / "docker"
ANALYZE = shutil.which("systemd-analyze")
SYSUSERS = shutil.which("systemd-sysusers")
PROGRAM = "/opt/scnet-watchdog/bin/scnet-watchdog"


def unit(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_unit_starts_again_always_but_for_what_a_person_must_mend() -> None:
    assert unit("Restart") == ["always"]
    assert unit("RestartPreventExitStatus") == ["74 78"]
    # A limit on starts would end the watchdog for good after some full disk.
    assert unit("StartLimitIntervalSec") == ["0"]


def test_the_unit_waits_for_what_comes_of_a_reload_and_gives_a_turn_its_time() -> None:
    # systemd 252 knows no notify-reload. A turn counts as stuck after 60 s, and pings end then.
    assert unit("Type") == ["notify"]
    # A signal would be answered with 0 where the config is rejected.
    assert unit("ExecReload") == [f"{PROGRAM} reload"]
    assert unit("WatchdogSec") == ["2min"]


def test_the_unit_has_a_user_of_its_own_that_the_sysusers_file_makes() -> None:
    user = unit("User")[0]
    kind, name, *_ = (SYSTEMD / "scnet-watchdog.sysusers").read_text(encoding="utf-8").split()
    assert (kind, name) == ("u", user)
    assert unit("Group") == [user]


def test_the_unit_offers_only_keys_that_do_not_rotate_as_credentials() -> None:
    text = UNIT.read_text(encoding="utf-8")
    offered = re.findall(r"LoadCredential=(\S+?):", text)
    assert [name.split("__")[-1] for name in offered] == ["access_key", "secret_key"]


@pytest.mark.parametrize("where", ["unit", "compose"])
def test_a_stop_leaves_more_time_than_a_drain_takes(where: str) -> None:
    compose = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
    grace = compose["services"]["scnet-watchdog"]["stop_grace_period"]
    text = grace if where == "compose" else unit("TimeoutStopSec")[0] + "s"
    assert text == "45s"
    assert parse_duration(text) > DRAIN_LIMIT


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_unit_and_finds_it_hardened(tmp_path: Path) -> None:
    assert ANALYZE is not None
    program = tmp_path / "scnet-watchdog"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    text = UNIT.read_text(encoding="utf-8")
    assert f"ExecStart={PROGRAM} run" in text
    copy = tmp_path / UNIT.name
    copy.write_text(text.replace(PROGRAM, str(program)), encoding="utf-8")
    done = subprocess.run([ANALYZE, "verify", str(copy)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert UNIT.name not in done.stderr, done.stderr
    security = [ANALYZE, "security", "--offline=yes", "--threshold=20", str(copy)]
    done = subprocess.run(security, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(SYSUSERS is None, reason="systemd-sysusers is not installed")
def test_systemd_accepts_the_sysusers_file() -> None:
    assert SYSUSERS is not None
    file = SYSTEMD / "scnet-watchdog.sysusers"
    done = subprocess.run([SYSUSERS, "--dry-run", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert file.name not in done.stderr, done.stderr


def test_the_unit_is_installed_as_operations_says_where_nothing_is_there_yet(
    tmp_path: Path,
) -> None:
    """Debian has no /etc/sysusers.d until somebody makes it: the first line failed there."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    block = page.partition("**systemd**")[2].partition("```sh\n")[2].partition("```")[0]
    lines = [line for line in block.splitlines() if line.startswith("install ")]
    assert len(lines) == 4
    here, etc = tmp_path / "clone", tmp_path / "etc"
    (etc / "systemd" / "system").mkdir(parents=True)
    here.mkdir()
    (here / "deploy").symlink_to(ROOT / "deploy")
    (here / "watchdog.yaml").touch()
    for line in lines:
        command = line.replace(" -g scnet-watchdog", "").replace(" /etc/", f" {etc}/").split()
        subprocess.run(command, cwd=here, check=True)
    found = {str(path.relative_to(etc)) for path in etc.rglob("*") if path.is_file()}
    assert found == {
        "sysusers.d/scnet-watchdog.conf",
        "systemd/system/scnet-watchdog.service",
        "scnet-watchdog/watchdog.yaml",
    }


def test_the_sidecar_is_confined_and_keeps_its_state() -> None:
    compose = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
    service = compose["services"]["scnet-watchdog"]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"]
    assert service["mem_limit"]
    assert "state:/var/lib/scnet-watchdog" in service["volumes"]
    assert set(service["secrets"]) == set(compose["secrets"])
    assert (ROOT / service["build"]["dockerfile"]).exists()
    assert (DOCKER / service["build"]["context"]).resolve() == ROOT


def test_the_sidecars_config_loads_with_the_secrets_that_compose_mounts(tmp_path: Path) -> None:
    service = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))["services"]
    for name in service["scnet-watchdog"]["secrets"]:
        (tmp_path / name).write_text("a-secret", encoding="utf-8")
    found = load(DOCKER / "watchdog.yaml", {}, kinds(), (tmp_path,))
    login = found.settings.centers["kunshan"].login
    assert login is not None
    assert login.secret_key is not None
    assert login.secret_key.get_secret_value() == "a-secret"
