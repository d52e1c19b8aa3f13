"""What systemd is told."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from scnet_watchdog.runtime.systemd import Notifier


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(path)
        channel.setblocking(False)
        yield channel, path


def test_a_reload_is_told_with_its_moment_in_one_datagram(
    systemd: tuple[socket.socket, str],
) -> None:
    channel, path = systemd
    notifier = Notifier({"NOTIFY_SOCKET": path})
    assert notifier.ready()
    assert notifier.reloading(123)
    assert notifier.stopping()
    received = [channel.recv(4096) for _ in range(3)]
    assert received == [b"READY=1", b"RELOADING=1\nMONOTONIC_USEC=123", b"STOPPING=1"]


def test_a_status_is_sent_only_when_it_changed(systemd: tuple[socket.socket, str]) -> None:
    channel, path = systemd
    notifier = Notifier({"NOTIFY_SOCKET": path})
    assert [notifier.status(text) for text in ("a", "a", "b")] == [True, False, True]
    assert [channel.recv(4096) for _ in range(2)] == [b"STATUS=a", b"STATUS=b"]


def test_abstract_sockets_are_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind("\0scnet-watchdog-test")
        assert Notifier({"NOTIFY_SOCKET": "@scnet-watchdog-test"}).ready()
        assert channel.recv(4096) == b"READY=1"


def test_without_systemd_nothing_is_sent(tmp_path: Path) -> None:
    assert not Notifier({}).ready()
    assert not Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready()
