"""What people were told by one life of the daemon is known to the next one."""

import json
from pathlib import Path

import pytest

from app_support import FIRST, daemon, set_status, simulated, until, write_config
from scnet_watchdog.simulator.faults import Fault
from wire_support import Wire, raw, whole, wire

pytestmark = pytest.mark.e2e


def lines(server: Wire) -> list[str]:
    """The lines of all messages that arrived."""
    texts = [json.loads(asked.body)["message"] for asked in server.asked]
    return [line for text in texts for line in text.splitlines()]


async def test_a_trouble_that_a_restart_of_the_daemon_outlasts_is_no_news_and_its_end_is_told(
    tmp_path: Path,
) -> None:
    async with simulated(FIRST) as server, wire(raw(whole(b"ok"))) as receiver:
        config = write_config(tmp_path, server, FIRST)
        url = tmp_path / "url"
        url.write_text(receiver.url)
        url.chmod(0o600)
        text = config.read_text().replace("cooldown: 1s", "cooldown: 1s\n  stable_after: 0.3s")
        config.write_text(f"{text}notify: [{{url_file: url}}]\n")
        server.platform.faults.active.append(Fault("restart", code="716868"))
        set_status(server, FIRST, "Failed")
        async with daemon(config) as one:
            await until(lambda: one.said("restart.refused"))
            assert await one.stops() == 0
        # What waits is told at the end of a life.
        assert [line for line in lines(receiver) if "716868" in line]

        receiver.asked.clear()
        async with daemon(config) as one:
            await until(lambda: one.said("restart.refused"))
            assert await one.stops() == 0
        # Each life tells its first look, and nothing else.
        assert lines(receiver)
        assert all("first look" in line for line in lines(receiver))

        receiver.asked.clear()
        server.platform.faults.active.clear()
        async with daemon(config) as one:
            await until(lambda: one.said("instance.stable"))
            assert await one.stops() == 0
        assert [line for line in lines(receiver) if "job 0" in line and "stable" in line]
