"""Where the control socket is, and which addresses can be listened on."""

from pathlib import Path

import pytest

from scnet_watchdog.app.places import Unbuildable, listen_address, socket_place

STATE = Path("/var/lib/x/state.db")
BASE = Path("/etc/x")


def test_the_control_socket_is_where_the_config_the_service_manager_or_the_state_is() -> None:
    run = {"RUNTIME_DIRECTORY": "/run/x:/run/y"}
    assert socket_place(Path("c.sock"), run, STATE, BASE) == (Path("/etc/x/c.sock"), True)
    assert socket_place(None, run, STATE, BASE) == (Path("/run/x/control.sock"), False)
    assert socket_place(None, {}, STATE, BASE) == (Path("/var/lib/x/control.sock"), False)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9716", ("127.0.0.1", 9716)),
        ("[::1]:9716", ("::1", 9716)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: tuple[str, int]) -> None:
    assert listen_address(text) == address


@pytest.mark.parametrize(
    "text", ["9716", ":9716", "::1:9716", "[::1]", "host:", "host:65536", "host:²", "[h]:1"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Unbuildable, match=r"server\.listen"):
        listen_address(text)
