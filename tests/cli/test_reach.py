"""How a command finds the daemon, and what it says where it cannot."""

import os
import socket
import tempfile
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from cli_support import LLM, config_in, fake_daemon, held, typed
from scnet_watchdog.cli.client import Client, Unreached
from scnet_watchdog.cli.reach import holder_of, reach
from scnet_watchdog.cli.where import Where, find

EXPLAINED = {
    "id": LLM,
    "name": "llm-api",
    "sentence": "llm-api is stopped since 02:14; attempt 2 was refused (716868) at 02:16; "
    "next attempt 02:18 after cooldown",
    "decision": "hold",
    "reason": "cooling_down",
    "next_at": "2026-03-01T02:18:00Z",
    "checks": [
        {"name": "healthy", "passed": True, "detail": ""},
        {"name": "not_restartable", "passed": True, "detail": "restart_on ['failed', 'stopped']"},
        {
            "name": "cooling_down",
            "passed": False,
            "detail": "attempts 2, not_sent 0, until 2026-03-01T02:18:00+00:00",
        },
    ],
}


def test_health_is_yes_or_no_and_never_another_code(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    nobody = typed("health", "-c", config)
    assert (nobody.exit_code, nobody.stderr) == (1, "no daemon runs\n")
    with held(tmp_path):
        assert typed("health", "-c", config).exit_code == 1
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/healthz", {"ok": True, "why": None})
        assert typed("health", "-c", config).stdout == "ok\n"
        fake.says("/healthz", {"ok": False, "why": "the loop has not turned for 40 s"}, 503)
        sick = typed("health", "-c", config)
        assert (sick.exit_code, sick.stderr) == (1, "the loop has not turned for 40 s\n")
        whole = typed("health", "-c", config, "--json")
        assert (whole.exit_code, whole.stdout.startswith('{"ok": false')) == (1, True)


def test_explain_says_a_sentence_first_and_then_every_check(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/instances/llm-api/explain", EXPLAINED)
        done = typed("explain", "llm-api", "-c", config)
        assert done.exit_code == 0, done.output
        lines = done.stdout.splitlines()
        assert lines[0] == EXPLAINED["sentence"]
        assert "✓  not_restartable" in done.stdout
        # Text in square brackets is no markup.
        assert "restart_on ['failed', 'stopped']" in done.stdout
        assert "✗  cooling_down" in done.stdout
        # A moment is told in local time, with the date because it is not today's.
        assert "2026-03-01T02:18" not in done.stdout
        assert lines[-1].startswith("hold: cooling_down; next moment: 03-01 ")
        assert max(map(len, lines[1:])) <= 80
        assert (
            '"reason": "cooling_down"' in typed("explain", "llm-api", "-c", config, "--json").stdout
        )


def test_an_instance_nobody_knows_is_wrong_usage(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock"):
        done = typed("explain", "what/else", "-c", config)
        assert done.exit_code == 2
        assert "/api/v1/instances/what%2Felse/explain: unknown" in done.stderr


def test_a_held_state_without_an_answer_is_69_and_names_owner_and_places(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with held(tmp_path):
        done = typed("explain", "llm-api", "-c", config)
    assert done.exit_code == 69
    assert "its socket does not answer" in done.stderr
    assert "host gpu-1, pid 4711, since 2026-03-01" in done.stderr
    assert f"tried {tmp_path / 'control.sock'}: no such socket" in done.stderr
    assert "tried /run/scnet-watchdog/control.sock: " in done.stderr
    assert "tried /var/lib/scnet-watchdog/control.sock: " in done.stderr


def test_a_socket_that_nobody_serves_any_more_is_said_so(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "control.sock"))
    left.close()
    with held(tmp_path):
        done = typed("explain", "llm-api", "-c", config)
    assert done.exit_code == 69
    assert "control.sock: nobody listens there" in done.stderr


def test_what_only_a_daemon_can_do_is_69_without_one(tmp_path: Path) -> None:
    done = typed("explain", "llm-api", "-c", str(config_in(tmp_path)))
    assert done.exit_code == 69
    assert "no daemon holds the state" in done.stderr
    assert "only a running one can explain" in done.stderr
    # Asking leaves nothing behind.
    assert [one.name for one in tmp_path.iterdir()] == ["watchdog.yaml"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_socket_that_refuses_us_is_permission_denied(tmp_path: Path) -> None:
    where = Where(None, "", Path("/nowhere/state.db"), False, (tmp_path / "c.sock",), ())
    with fake_daemon(tmp_path / "c.sock"):
        (tmp_path / "c.sock").chmod(0o600)
        code, said = _as_nobody(where)
    assert code == 69
    assert "the daemon cannot be reached (permission denied)" in said
    assert "c.sock: permission denied" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_who_may_not_see_the_state_is_told_so_and_not_that_no_daemon_runs(tmp_path: Path) -> None:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    where = Where(None, "", folder / "state.db", True, (folder / "control.sock",), ())
    code, said = _as_nobody(where)
    assert code == 69
    assert "control.sock: permission denied" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_folder_that_may_not_be_entered_leaves_open_who_holds_the_state() -> None:
    # Not under pytest's own folder: nobody else may enter that one at all.
    with tempfile.TemporaryDirectory() as open_folder:
        Path(open_folder).chmod(0o755)
        folder = Path(open_folder) / "private"
        folder.mkdir(mode=0o700)
        absent = Path(open_folder) / "control.sock"
        code, said = _as_nobody(Where(None, "", folder / "state.db", True, (absent,), ()))
    assert code == 69
    assert "cannot be reached (this user may not see its state)" in said
    assert f"tried {absent}: no such socket" in said


def _as_nobody(where: Where) -> tuple[int, str]:
    """What another user is told: in a process of its own, because becoming one is for good."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.seteuid(65534)
        code = 0
        try:
            with os.fdopen(write, "w") as out, redirect_stderr(out):
                reach(where)
        except BaseException as error:
            code = int(getattr(error, "exit_code", 99))
        os._exit(code)
    os.close(write)
    said = b""
    while part := os.read(read, 65536):
        said += part
    os.close(read)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said.decode()


def test_a_refused_config_still_leads_to_its_daemon(tmp_path: Path) -> None:
    config = config_in(tmp_path, "notfy: []\nserver: {socket: other.sock}\n")
    with fake_daemon(tmp_path / "other.sock") as fake:
        fake.says("/instances/llm-api/explain", EXPLAINED)
        assert typed("explain", "llm-api", "-c", str(config)).exit_code == 0
        config.write_text("{ not yaml")
        # Nothing can be gleaned from that: its daemon is not found, which is 69 and not 78.
        assert find(config).problem.startswith(str(config))


def test_a_configured_state_that_nobody_holds_is_not_asked_of_another_daemon(
    tmp_path: Path,
) -> None:
    (tmp_path / "run").mkdir()
    config = config_in(tmp_path)
    with fake_daemon(tmp_path / "run" / "control.sock"):
        where = find(config, (tmp_path / "run",))
        assert where.explicit
        assert reach(where) is None
        with held(tmp_path):
            found = reach(where)
            assert found is not None
            assert found.path == tmp_path / "run" / "control.sock"


def test_the_config_of_the_whole_machine_means_the_state_of_its_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hold for a daemon that was stopped went into a state at home that no daemon ever reads."""
    etc, var, home = (tmp_path / name for name in ("etc", "var", "home"))
    for folder in (etc, home):
        folder.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    config = config_in(etc)
    config.write_text(config.read_text().partition("state:")[0])
    at_home = home / ".local/state/scnet-watchdog"
    # No such daemon was ever installed: whoever runs this config has their state at home.
    assert find(config, machine=(etc, var)).state == at_home / "state.db"
    var.mkdir()
    where = find(config, machine=(etc, var))
    assert (where.state, where.explicit) == (var / "state.db", False)
    # One that a person runs by hand is found all the same.
    assert where.sockets == (at_home / "control.sock",)
    assert find(config, machine=(home, var)).state == at_home / "state.db"
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    assert find(config, machine=(etc, var)).state == tmp_path / "state.db"


def test_who_holds_a_state_is_known_only_to_who_may_look(tmp_path: Path) -> None:
    assert holder_of(tmp_path / "state.db").held is False
    assert holder_of(tmp_path / "no-folder" / "state.db").held is False
    with held(tmp_path):
        assert holder_of(tmp_path / "state.db").held is True
    assert holder_of(tmp_path / "state.db").held is False


def test_a_daemon_that_is_stuck_is_given_up_after_a_while(tmp_path: Path) -> None:
    # The kernel takes the connection; nobody ever reads from it.
    with socket.socket(socket.AF_UNIX) as stuck:
        stuck.bind(str(tmp_path / "control.sock"))
        stuck.listen()
        with pytest.raises(Unreached, match=r"no answer within 0\.05 s"):
            Client(tmp_path / "control.sock", 0.05).get("/healthz")


def test_a_path_no_socket_can_have_is_an_answer_too(tmp_path: Path) -> None:
    with pytest.raises(Unreached, match="path too long"):
        Client(tmp_path / ("x" * 200)).knock()


def test_what_answers_nonsense_is_not_our_daemon(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/instances/llm-api/explain", b"<html>")
        done = typed("explain", "llm-api", "-c", config)
        assert done.exit_code == 69
        assert "not a scnet-watchdog daemon" in done.stderr
        fake.says("/instances/llm-api/explain", b"<html>", 500)
        done = typed("explain", "llm-api", "-c", config)
        assert (done.exit_code, done.stderr) == (1, "the daemon answered HTTP 500\n")


def test_reload_shows_what_changed_and_its_impact(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        impact = "3 instances become eligible; restarts start in 60 s"
        answer = {"added": ["a1", "b2"], "removed": [], "changed": [], "impact": impact}
        fake.says("/reload", {**answer, "needs_restart": ["state.url"]}, method="POST")
        done = typed("reload", "-c", config)
        assert done.exit_code == 0
        assert "added: a1, b2" in done.stdout
        assert "needs a restart of the daemon: state.url" in done.stdout
        assert impact in done.stdout
        errors = ["watchdog.yaml:3:1: notfy: unknown key"]
        fake.says("/reload", {"errors": errors}, 422, method="POST")
        done = typed("reload", "-c", config)
        assert done.exit_code == 1
        assert errors[0] in done.stderr
        assert typed("reload", "-c", config, "--json").exit_code == 1
