"""The real process against the simulator: healing, signals, exit codes, deaths."""

import signal
from pathlib import Path

import pytest

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
from scnet_watchdog.simulator.faults import Fault
from scnet_watchdog.simulator.server import Server

pytestmark = pytest.mark.e2e


def calls(server: Server) -> int:
    """Restart calls that arrived, whatever became of them."""
    return len(server.platform.restarts())


async def test_a_stopped_instance_comes_back_and_the_daemon_stops_cleanly(tmp_path: Path) -> None:
    async with simulated(FIRST, SECOND) as server:
        async with daemon(write_config(tmp_path, server, FIRST, SECOND)) as one:
            await until(lambda: one.said("fleet.first_look"))
            set_status(server, FIRST, "Terminated")
            await until(lambda: one.said("restart.recovered"))
            assert [call.instance for call in server.platform.restarts()] == [FIRST]
            assert await one.stops() == 0
            assert one.lines[-1]["event"] == "daemon.stopped"
            assert TOKEN not in str(one.lines)
        # The state is whole and alone.
        assert not list(tmp_path.glob("state.db-*"))


async def test_a_call_in_flight_ends_before_the_daemon_does(tmp_path: Path) -> None:
    async with simulated(FIRST) as server:
        server.platform.faults.active.append(Fault("restart", latency=1, acts=True))
        set_status(server, FIRST, "Failed")
        async with daemon(write_config(tmp_path, server, FIRST)) as one:
            await until(lambda: one.said("restart.requested"))
            assert await one.stops() == 0
            assert one.said("restart.accepted")
    assert calls(server) == 1


async def test_a_second_signal_leaves_at_once_and_the_next_start_repeats_nothing(
    tmp_path: Path,
) -> None:
    async with simulated(FIRST) as server:
        server.platform.faults.active.append(Fault("restart", hang="after"))
        config = write_config(tmp_path, server, FIRST)
        set_status(server, FIRST, "Failed")
        async with daemon(config) as one:
            await until(lambda: calls(server))
            one.signal(signal.SIGTERM)
            one.signal(signal.SIGINT)
            assert await one.ends() == 1
        async with daemon(config) as again:
            await until(lambda: again.said("restart.unknown"))
            await until(lambda: again.said("restart.recovered"))
            assert await again.stops() == 0
    assert calls(server) == 1


async def test_a_killed_daemon_repeats_no_call_it_may_have_sent(tmp_path: Path) -> None:
    async with simulated(FIRST) as server:
        # The call arrives and does nothing; the instance goes on being shown as failed.
        server.platform.faults.active.append(Fault("restart", hang="before"))
        config = write_config(tmp_path, server, FIRST)
        set_status(server, FIRST, "Failed")
        async with daemon(config) as one:
            await until(lambda: calls(server))
            one.signal(signal.SIGKILL)
            await one.ends()
        async with daemon(config) as again:
            await until(lambda: again.said("restart.unknown"))
            await until(lambda: again.said("fleet.first_look"))
            before = server.requests
            # Ten more polls; an unknown outcome is watched for 120 s before the next call.
            await until(lambda: server.requests > before + 10)
            assert await again.stops() == 0
    assert calls(server) == 1


async def test_a_hangup_reloads_and_an_invalid_file_changes_nothing(tmp_path: Path) -> None:
    async with simulated(FIRST, SECOND) as server:
        config = write_config(tmp_path, server, FIRST)
        async with daemon(config) as one:
            await until(lambda: one.said("fleet.first_look"))
            config.write_text("centers: [")
            one.signal(signal.SIGHUP)
            await until(lambda: one.said("config.rejected"))
            write_config(tmp_path, server, FIRST, SECOND)
            one.signal(signal.SIGHUP)
            await until(lambda: one.said("config.reloaded"))
            assert one.said("config.reloaded")[0]["added"] == [SECOND]
            set_status(server, SECOND, "Terminated")
            await until(lambda: one.said("restart.recovered"))
            assert await one.stops() == 0


async def test_a_second_daemon_on_the_same_state_exits_with_75(tmp_path: Path) -> None:
    async with simulated(FIRST) as server:
        config = write_config(tmp_path, server, FIRST)
        async with daemon(config) as one:
            await until(lambda: one.said("daemon.started"))
            async with daemon(config) as second:
                assert await second.ends() == 75
            assert await one.stops() == 0


async def test_a_state_that_is_not_ours_exits_with_74(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("somebody's file, no database" * 100)
    async with (
        simulated(FIRST) as server,
        daemon(write_config(tmp_path, server, FIRST)) as one,
    ):
        assert await one.ends() == 74


async def test_once_heals_and_exits(tmp_path: Path) -> None:
    async with simulated(FIRST) as server:
        set_status(server, FIRST, "Terminated")
        async with daemon(write_config(tmp_path, server, FIRST), "--once") as one:
            assert await one.ends() == 0
            assert one.said("restart.recovered")


async def test_once_exits_with_1_when_the_platform_cannot_be_reached(tmp_path: Path) -> None:
    async with simulated(FIRST) as server:
        config = write_config(tmp_path, server, FIRST)
    async with daemon(config, "--once") as one:
        assert await one.ends() == 1


async def test_shadow_tells_and_never_calls(tmp_path: Path) -> None:
    async with simulated(FIRST) as server:
        set_status(server, FIRST, "Terminated")
        async with daemon(write_config(tmp_path, server, FIRST), "--shadow") as one:
            await until(lambda: one.said("restart.requested"))
            assert one.said("restart.requested")[0]["shadow"] is True
            assert await one.stops() == 0
    assert calls(server) == 0
