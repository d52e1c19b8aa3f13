"""The commands as a user types them: output, exit codes, and what they never print."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app_support import (
    FIRST,
    SECOND,
    TOKEN,
    daemon,
    set_status,
    simulated,
    until,
    write_config,
)
from scnet_watchdog.cli.main import COMMANDS, app


def invoked(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


async def typed(*arguments: str) -> Result:
    """A command beside the simulator, which needs the loop meanwhile."""
    return await asyncio.to_thread(invoked, *arguments)


async def test_check_says_ok_or_every_error_with_its_place(tmp_path: Path) -> None:
    good = tmp_path / "good.yaml"
    good.write_text(
        "centers: {k: {base_url: 'https://x', token: abcdefgh}}\ninstances: [a1]\n"
        "heartbeat: {interval: 30s}\n"
    )
    done = invoked("check", "-c", str(good))
    assert done.exit_code == 0
    assert "ok, 1 instance in 1 center" in done.stdout
    bad = tmp_path / "bad.yaml"
    bad.write_text("centres: {}\ninstances: [a1]\n")
    done = invoked("check", "-c", str(bad))
    assert done.exit_code == 78
    assert 'bad.yaml:1:1: centres: unknown key; did you mean "centers"?' in done.stderr


async def test_check_online_previews_and_fails_on_an_id_that_is_not_found(tmp_path: Path) -> None:
    async with simulated(FIRST, SECOND) as server:
        set_status(server, SECOND, "Failed")
        config = write_config(tmp_path, server, FIRST, SECOND)
        done = await typed("check", "-c", str(config), "--online")
        assert done.exit_code == 0, done.output
        assert "runs: left alone" in done.stdout
        assert "would be restarted once confirmed by 2 reads" in done.stdout
        # Looking is not acting.
        assert not server.platform.restarts()
        config = write_config(tmp_path, server, FIRST, "0000not-there")
        done = await typed("check", "-c", str(config), "--online")
        assert done.exit_code == 1
        assert "0000not-there was not found" in done.stdout


async def test_check_online_fails_plainly_on_a_refused_token(tmp_path: Path) -> None:
    async with simulated(FIRST) as server:
        config = write_config(tmp_path, server, FIRST)
        config.write_text(config.read_text().replace(TOKEN, "another-token"))
        done = await typed("check", "-c", str(config), "--online")
        assert done.exit_code == 1
        assert "10008" in done.stdout
        # The login failed; whether the id exists is not known.
        assert "was not found" not in done.stdout
        assert "another-token" not in done.output


def test_check_as_json_has_every_error_with_its_place_and_nothing_else(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "centers: {k: {base_url: 'https://x', token: abcdefgh}}\n"
        "instances: [{id: a1, centre: k}]\nserver: {listen: nowhere}\n"
    )
    done = invoked("check", "-c", str(bad), "--json")
    assert done.exit_code == 78
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    assert answer["ok"] is False
    first, second = answer["errors"]
    assert first == {
        "file": str(bad),
        "line": 2,
        "column": 22,
        "path": "instances[0].centre",
        "message": 'unknown key; did you mean "center"?',
    }
    assert (second["line"], second["path"]) == (3, "server.listen")


def test_check_as_json_tells_warnings_and_counts_of_a_valid_config(tmp_path: Path) -> None:
    good = tmp_path / "good.yaml"
    token = tmp_path / "tok"
    token.write_text("abcdefgh")
    token.chmod(0o644)
    good.write_text("centers: {k: {base_url: 'https://x', token_file: tok}}\ninstances: [a1]\n")
    done = invoked("check", "-c", str(good), "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    (warning,) = answer.pop("warnings")
    assert (warning["line"], warning["path"]) == (1, "centers.k.token_file")
    assert warning["message"].endswith("can be read by others; chmod o-r")
    assert answer == {
        "ok": True,
        "errors": [],
        "config": str(good),
        "instances": 1,
        "centers": 1,
        "reload": None,
    }


async def test_check_online_as_json_previews_each_instance(tmp_path: Path) -> None:
    async with simulated(FIRST, SECOND) as server:
        set_status(server, SECOND, "Failed")
        config = write_config(tmp_path, server, FIRST, SECOND, "0000not-there")
        done = await typed("check", "-c", str(config), "--online", "--json")
    assert done.exit_code == 1, done.output
    answer = json.loads(done.stdout)
    assert answer["ok"] is False
    rows = {one["id"]: (one["status"], one["now"]) for one in answer["online"]["instances"]}
    assert rows[FIRST] == ("running", "runs: left alone")
    assert rows[SECOND][0] == "failed"
    assert rows[SECOND][1].startswith("would be restarted once confirmed by 2 reads")
    (problem,) = answer["online"]["problems"]
    assert "0000not-there was not found" in problem
    assert TOKEN not in done.output


async def test_status_and_history_read_the_state_once_the_daemon_is_gone(tmp_path: Path) -> None:
    async with simulated(FIRST, SECOND) as server:
        config = write_config(tmp_path, server, FIRST, SECOND)
        async with daemon(config) as one:
            await until(lambda: one.said("fleet.first_look"))
            set_status(server, FIRST, "Terminated")
            await until(lambda: one.said("restart.recovered"))
            (tmp_path / "control.sock").unlink()
            held = await typed("status", "-c", str(config))
            assert held.exit_code == 69
            assert "it holds the state" in held.stderr
            assert "pid" in held.stderr
            assert await one.stops() == 0
    table = await typed("status", "-c", str(config))
    assert table.exit_code == 0
    assert "job 0" in table.stdout
    assert max(map(len, table.stdout.splitlines())) <= 80
    found = json.loads((await typed("status", "-c", str(config), "--json")).stdout)
    first = next(row for row in found["instances"] if row["id"] == FIRST)
    assert (first["name"], first["status"], first["attempts_24h"]) == ("job 0", "running", 1)
    assert first["decision"] == "hold"
    assert first["since"].endswith("Z")
    assert found["daemon"]["running"] is False
    assert [center["name"] for center in found["centers"]] == ["kunshan"]
    assert "job 0" not in (await typed("status", "-c", str(config), "--down")).stdout
    # A stop that met it still unstable told it that the daemon drained.
    reason = first["reason"]
    assert "job 0" in (await typed("status", "-c", str(config), "--reason", reason)).stdout
    lines = json.loads((await typed("history", "-c", str(config), FIRST[:6], "--json")).stdout)
    events = [line["event"] for line in lines]
    assert events.index("restart.requested") < events.index("restart.recovered")
    assert {line["instance"] for line in lines} == {FIRST}
    text = (
        await typed("history", "-c", str(config), "--since", "1h", "--center", "kunshan")
    ).stdout
    assert "recovered" in text


def test_history_refuses_what_names_nobody(tmp_path: Path) -> None:
    config = tmp_path / "w.yaml"
    config.write_text(
        "centers: {k: {base_url: 'https://x', token: abcdefgh}}\n"
        "instances: [abcd1, abcd2, {id: efgh, name: one}]\nstate: {url: 'sqlite:///s.db'}\n"
    )
    for what, said in (
        ("zzzz", "no watched instance"),
        ("abcd", "several instances begin so: abcd1, abcd2"),
        ("efg", "no watched instance"),
    ):
        done = invoked("history", "-c", str(config), what)
        assert done.exit_code == 2
        assert said in done.stderr
    assert invoked("history", "-c", str(config), "one", "--json").stdout.strip() == "[]"
    assert invoked("history", "-c", str(config), "--since", "yesterday").exit_code == 2


def test_a_state_that_is_none_is_74(tmp_path: Path) -> None:
    config = tmp_path / "w.yaml"
    config.write_text(
        "centers: {k: {base_url: 'https://x', token: abcdefgh}}\n"
        "instances: [a1]\nstate: {url: 'sqlite:///s.db'}\n"
    )
    (tmp_path / "s.db").write_bytes(b"not a state " * 1000)
    assert invoked("status", "-c", str(config)).exit_code == 74
    assert invoked("run", "-c", str(config), "--once").exit_code == 74


def test_the_schema_is_json_for_editors() -> None:
    found = json.loads(invoked("schema").stdout)
    assert "centers" in found["properties"]


def test_help_lists_every_command_and_wrong_usage_is_2() -> None:
    text = invoked("--help").stdout
    for name in COMMANDS:
        assert f"\n  {name} " in text
    assert invoked("rum").exit_code == 2
    assert invoked("--version").stdout.startswith("scnet-watchdog ")


@pytest.mark.timeout(120)
async def test_the_demo_ends_as_it_should() -> None:
    done = await typed("demo")
    assert done.exit_code == 0, done.output
    assert "The story ended as it should." in done.stdout
    assert "breaker_open" in done.stdout


def test_the_demo_says_so_when_its_story_did_not_end() -> None:
    done = invoked("demo", "--for", "1s")
    # After a second nothing has failed yet, so nothing was healed.
    assert done.exit_code == 1
    assert "did NOT end" in done.stdout
    assert invoked("demo", "--for", "soon").exit_code == 2
