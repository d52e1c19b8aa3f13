"""What is shipped to run it: unit, image, compose file."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.settings.load import load

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "systemd" / "scnet-watchdog.service"
DOCKER = ROOT / "deploy" / "docker"
ANALYZE = shutil.which("systemd-analyze")


def unit(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(), re.MULTILINE)


def test_the_unit_does_not_retry_what_a_person_must_mend() -> None:
    assert unit("RestartPreventExitStatus") == ["74 78"]
    assert unit("TimeoutStopSec") == ["45"]
    assert unit("Type") == ["notify"]
    assert "scnet-watchdog" in unit("User")
    # Only keys that do not rotate are offered as credentials.
    text = UNIT.read_text()
    assert (
        re.findall(r"^#LoadCredential=\w+__(\w+):", text, re.MULTILINE)
        == [
            "access_key",
            "secret_key",
        ]
        or "login__access_key" in text
    )


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    assert ANALYZE is not None
    program = tmp_path / "scnet-watchdog"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/usr/bin/scnet-watchdog", str(program)))
    done = subprocess.run([ANALYZE, "verify", str(copy)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "scnet-watchdog" not in done.stderr, done.stderr
    security = [ANALYZE, "security", "--offline=yes", "--threshold=20", str(copy)]
    done = subprocess.run(security, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_image_is_not_root_and_needs_no_shell() -> None:
    lines = (DOCKER / "Dockerfile").read_text().splitlines()
    assert "USER 10001:10001" in lines
    assert 'ENTRYPOINT ["scnet-watchdog"]' in lines
    runs = [line for line in lines if line.startswith("RUN ")]
    assert runs
    assert all(line.startswith('RUN ["') for line in runs)
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            for name in line.split()[1:-1]:
                assert (ROOT / name).exists(), name


def test_the_compose_file_gives_time_to_drain_and_its_config_loads(tmp_path: Path) -> None:
    service = yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]["scnet-watchdog"]
    assert service["stop_grace_period"] == "45s"
    assert service["read_only"] is True
    for name in service["secrets"]:
        (tmp_path / name).write_text("a-secret")
    found = load(DOCKER / "watchdog.yaml", {}, kinds(), (tmp_path,))
    login = found.settings.centers["kunshan"].login
    assert login is not None
    assert login.secret_key is not None
    assert login.secret_key.get_secret_value() == "a-secret"
