"""`notify`: a test message reaches every channel, and each one's fate is told without its URL."""

import asyncio
import json
from pathlib import Path

import typer
from typer.testing import CliRunner, Result

from cli_support import config_in
from scnet_watchdog.cli.notify import notify
from wire_support import closed_port, raw, whole, wire

TOKEN = "s3cret-t0ken-of-the-robot"


def typed(*arguments: str) -> Result:
    """The command alone, as a user types it after its name."""
    app = typer.Typer()
    app.command()(notify)
    return CliRunner().invoke(app, list(arguments))


def config(folder: Path, *urls: str) -> str:
    """A config with one channel per URL."""
    rows = []
    for at, url in enumerate(urls):
        file = folder / f"url{at}"
        file.write_text(url)
        file.chmod(0o600)
        rows.append(f"  - {{url_file: url{at}, language: {'zh' if at else 'en'}}}\n")
    return str(config_in(folder, "notify:\n" + "".join(rows) if rows else ""))


async def test_every_channel_gets_a_test_message_in_its_language(tmp_path: Path) -> None:
    async with wire(raw(whole(b"ok"))) as server:
        file = config(tmp_path, f"{server.url}/a/{TOKEN}", f"{server.url}/b/{TOKEN}")
        done = await asyncio.to_thread(typed, "-c", file, "--test")
    assert done.exit_code == 0, done.output
    assert sorted(done.stdout.splitlines()) == ["notify[0]: delivered", "notify[1]: delivered"]
    titles = {asked.path[:2]: json.loads(asked.body)["title"] for asked in server.asked}
    assert titles == {"/a": "[scnet-watchdog] test", "/b": "[scnet-watchdog] 测试"}


async def test_one_that_fails_is_told_without_its_url_and_the_others_get_theirs(
    tmp_path: Path,
) -> None:
    async with wire(raw(whole(b"ok"))) as server:
        broken = f"http://127.0.0.1:{closed_port()}/{TOKEN}"
        file = config(tmp_path, broken, f"{server.url}/{TOKEN}")
        done = await asyncio.to_thread(typed, "-c", file, "--test")
    assert done.exit_code == 1
    assert "notify[0]: failed: ConnectError" in done.stdout
    assert "notify[1]: delivered" in done.stdout
    assert TOKEN not in done.output


async def test_the_same_is_told_as_json(tmp_path: Path) -> None:
    async with wire(raw(whole(b"ok"))) as server:
        file = config(
            tmp_path, f"{server.url}/{TOKEN}", f"http://127.0.0.1:{closed_port()}/{TOKEN}"
        )
        listed = await asyncio.to_thread(typed, "-c", file, "--json")
        done = await asyncio.to_thread(typed, "-c", file, "--test", "--json")
    assert [row["language"] for row in json.loads(listed.stdout)] == ["en", "zh"]
    assert "delivered" not in listed.stdout
    assert done.exit_code == 1
    first, second = json.loads(done.stdout)
    assert (first["channel"], first["delivered"], first["error"]) == ("notify[0]", True, None)
    assert second["delivered"] is False
    assert second["error"].startswith("ConnectError")
    assert TOKEN not in done.output + listed.output


def test_without_test_the_channels_are_listed_and_nothing_is_sent(tmp_path: Path) -> None:
    done = typed("-c", config(tmp_path, f"http://127.0.0.1:{closed_port()}/{TOKEN}"))
    assert done.exit_code == 0
    assert done.stdout == (
        f"notify[0]: from level warning, language en, URL in {tmp_path / 'url0'}\n"
    )


def test_without_channels_it_says_where_they_are_configured(tmp_path: Path) -> None:
    done = typed("-c", config(tmp_path), "--test")
    assert done.exit_code == 1
    assert "no channel is configured; the key notify takes them" in done.stderr
