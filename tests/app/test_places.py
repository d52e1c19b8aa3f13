"""Where the control socket is."""

from pathlib import Path

from scnet_watchdog.app.places import socket_place

STATE = Path("/var/lib/x/state.db")
BASE = Path("/etc/x")


def test_the_control_socket_is_where_the_config_the_service_manager_or_the_state_is() -> None:
    run = {"RUNTIME_DIRECTORY": "/run/x:/run/y"}
    assert socket_place(Path("c.sock"), run, STATE, BASE) == (Path("/etc/x/c.sock"), True)
    assert socket_place(None, run, STATE, BASE) == (Path("/run/x/control.sock"), False)
    assert socket_place(None, {}, STATE, BASE) == (Path("/var/lib/x/control.sock"), False)
