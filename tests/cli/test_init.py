"""`init`: a first config from what the platform lists, without a secret and never over a file."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import Result

from app_support import FIRST, SECOND, TOKEN, set_status, simulated, write_config
from cli_support import typed
from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.settings.load import load

THIRD = "6e3165ffd252605a0bd77635d008e226"


async def invoked(*arguments: str) -> Result:
    """A command beside the simulator, which needs the loop meanwhile."""
    return await asyncio.to_thread(typed, *arguments)


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o600)
    return file


async def test_who_runs_is_watched_and_who_is_down_is_commented_out(
    tmp_path: Path, token_file: Path
) -> None:
    target = tmp_path / "new" / "watchdog.yaml"
    async with simulated(FIRST, SECOND, THIRD) as server:
        set_status(server, SECOND, "Terminated")
        gateway = server.endpoints.gateway
        options = ("--base-url", gateway, "--token-file", str(token_file), "--center", "kunshan")
        done = await invoked("init", "-c", str(target), *options)
        assert done.exit_code == 0, done.output
        assert not server.platform.restarts()
    assert "2 of 3 instances are watched" in done.stdout
    assert "1 are down and commented out" in done.stdout
    lines = target.read_text().splitlines()
    assert f'  - "{FIRST}"  # job 0: running' in lines
    assert f'  - "{THIRD}"  # job 2: running' in lines
    assert f'  # - "{SECOND}"  # job 1: stopped' in lines
    assert target.stat().st_mode & 0o777 == 0o600
    loaded = load(target, {}, kinds(), ())
    assert [one.id for one in loaded.settings.instances] == [FIRST, THIRD]
    assert loaded.settings.centers["kunshan"].token_file == token_file


async def test_a_file_that_exists_is_never_overwritten(tmp_path: Path, token_file: Path) -> None:
    target = tmp_path / "watchdog.yaml"
    target.write_text("# mine\n")
    done = await invoked("init", "-c", str(target), "--token-file", str(token_file))
    assert done.exit_code == 1
    assert "exists and is never overwritten; -o writes another" in done.stderr
    assert target.read_text() == "# mine\n"
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert (await invoked("init", "-o", str(tmp_path / "link"))).exit_code == 1
    assert not (tmp_path / "nowhere").exists()


async def test_the_credentials_of_a_config_are_used_and_no_secret_is_copied(tmp_path: Path) -> None:
    async with simulated(FIRST, SECOND) as server:
        config = write_config(tmp_path, server, FIRST)
        other = tmp_path / "other.yaml"
        done = await invoked("init", "-c", str(config), "-o", str(other), "--json")
        assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["watched"] == [FIRST, SECOND]
    text = other.read_text()
    assert TOKEN not in text + done.output
    assert "# centers.kunshan: its token is not written here; give it as token_file." in text


async def test_the_environment_alone_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "watchdog.yaml"
    async with simulated(FIRST) as server:
        monkeypatch.setenv("SCNET_WATCHDOG_CENTERS__WUZHEN__BASE_URL", server.endpoints.gateway)
        monkeypatch.setenv("SCNET_WATCHDOG_CENTERS__WUZHEN__TOKEN", TOKEN)
        done = await invoked("init", "-c", str(target))
        assert done.exit_code == 0, done.output
    assert "wuzhen:" in target.read_text()
    assert TOKEN not in target.read_text()


async def test_what_cannot_be_asked_writes_nothing(tmp_path: Path, token_file: Path) -> None:
    target = tmp_path / "watchdog.yaml"
    async with simulated() as server:
        options = ("--base-url", server.endpoints.gateway, "--token-file", str(token_file))
        done = await invoked("init", "-c", str(target), *options)
        assert (done.exit_code, "lists no instance" in done.stderr) == (1, True)
        token_file.write_text("another-token")
        done = await invoked("init", "-c", str(target), *options)
        assert (done.exit_code, "10008" in done.stderr) == (1, True)
        assert "another-token" not in done.output
    done = await invoked("init", "-c", str(target))
    assert done.exit_code == 78
    assert "no way to log in: give token, token_file or login, or set SCNET_USER" in done.stderr
    assert not target.exists()
