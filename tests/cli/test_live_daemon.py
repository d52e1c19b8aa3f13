"""The commands against the real daemon, over its own control socket."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import Result

from app_support import FIRST, SECOND, daemon, set_status, simulated, until, write_config
from cli_support import typed

pytestmark = pytest.mark.e2e


async def test_a_person_sees_holds_restarts_and_reloads_the_running_daemon(tmp_path: Path) -> None:
    async with simulated(FIRST, SECOND) as server:
        config = write_config(tmp_path, server, FIRST, SECOND)

        async def command(*words: str, code: int = 0) -> Result:
            done = await asyncio.to_thread(typed, *words, "-c", str(config))
            assert done.exit_code == code, (words, done.output)
            return done

        async with daemon(config) as one:
            await until(lambda: one.said("fleet.first_look"))
            assert (await command("health")).stdout == "ok\n"

            whole = json.loads((await command("status", "--json")).stdout)
            assert {row["status"] for row in whole["instances"]} == {"running"}
            assert whole["daemon"]["running"] is True
            assert max(map(len, (await command("status")).stdout.splitlines())) <= 80

            refused = await command("restart", FIRST[:6], code=1)
            assert "status is running" in refused.stderr
            await command("explain", "nobody", code=2)

            # Held, it stays down; the sentence says by whom and why.
            held = await command("hold", FIRST[:6], "--for", "1h", "--reason", "disk swap")
            assert "is held until" in held.stdout
            set_status(server, FIRST, "Terminated")
            changes = "instance.status_changed"
            await until(lambda: any(line["status"] == "stopped" for line in one.said(changes)))
            told = (await command("explain", "job 0")).stdout
            assert "disk swap" in told.splitlines()[0]
            assert "✗  held" in told
            # Said once for all in the config of this test.
            assert "confirm: count 2, over 0.1s (policy)" in told
            assert (
                "disk swap"
                in json.loads((await command("explain", FIRST, "--json")).stdout)["sentence"]
            )
            await command("restart", FIRST, code=1)
            assert not server.platform.restarts()

            await command("release", FIRST)
            await until(lambda: one.said("restart.recovered"))

            # Completed is not restarted by itself, but for a person it is.
            set_status(server, SECOND, "Completed")
            await until(lambda: any(line["status"] == "completed" for line in one.said(changes)))
            back = await command("restart", SECOND, "--wait", "20s", code=0)
            assert "recovered" in back.stdout

            lines = json.loads((await command("history", SECOND[:8], "--json")).stdout)
            assert {line["instance"] for line in lines} == {SECOND}
            assert "hold.placed" in (await command("history", "--json")).stdout
            await command("reset", "--center", "kunshan")
            await command("hold", "--all")
            assert "the fleet" in (await command("release", "--all")).stdout

            config.write_text(config.read_text().replace("cooldown: 1s", "cooldown: 2s"))
            assert "reloaded" in (await command("reload")).stdout
            config.write_text(config.read_text().replace("cooldown:", "cooldwn:"))
            wrong = await command("reload", code=1)
            assert "cooldwn: unknown key" in wrong.stderr
            # A config that is refused does not cut the person off from the daemon.
            assert "rejected" in (await command("status")).stdout
            assert await one.stops() == 0


async def test_a_hold_placed_before_the_first_run_is_obeyed_by_it(tmp_path: Path) -> None:
    async with simulated(FIRST, SECOND) as server:
        config = write_config(tmp_path, server, FIRST, SECOND)
        set_status(server, FIRST, "Terminated")
        set_status(server, SECOND, "Terminated")
        done = await asyncio.to_thread(typed, "hold", FIRST[:6], "-c", str(config))
        assert done.exit_code == 0, done.output
        async with daemon(config) as one:
            # The other one shows that the daemon had every reason to restart both.
            await until(lambda: one.said("restart.recovered"))
            assert one.said("hold.placed")
            assert one.said("state.created")
            assert await one.stops() == 0
        assert [call.instance for call in server.platform.restarts()] == [SECOND]
