"""`hold`, `release`, `reset` and `restart`: asked of a daemon, left in the state, or refused."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli_support import LLM, OTHER, config_in, fake_daemon, held, typed
from scnet_watchdog.adapters.clock import SystemClock
from scnet_watchdog.adapters.stores.sqlite import SqliteStore
from scnet_watchdog.cli.order import me
from scnet_watchdog.cli.restart import lines_until
from scnet_watchdog.core.command import Command, PlaceHold, Release, Reset, Scope, ScopeKind

DONE = {"done": "llm-api is held until 06:14:00+0800"}


def left_in(folder: Path) -> tuple[list[Command], bool]:
    """The commands a next run would find, and whether it would take the state for a new one."""

    async def read() -> tuple[list[Command], bool]:
        store = SqliteStore(folder / "state.db", SystemClock())
        tenure = await store.acquire("test", timedelta())
        found = list(await store.inbox(tenure)), (await store.load(tenure)).fresh
        await store.close()
        return found

    return asyncio.run(read())


def test_a_hold_is_asked_of_the_daemon_and_its_sentence_is_printed(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/instances/llm-api/hold", DONE, method="POST")
        done = typed("hold", "llm-api", "--for", "1h30m", "--reason", "disk swap", "-c", config)
        assert (done.exit_code, done.stdout) == (0, DONE["done"] + "\n"), done.output
        # 1.5 h = 5400 s.
        body = {"for_s": 5400.0, "reason": "disk swap", "by": me()}
        assert fake.posted == [("/api/v1/instances/llm-api/hold", body)]
        typed("hold", "llm-api", "--until-running", "-c", config)
        assert fake.posted[-1][1] == {"until_running": True, "reason": "", "by": me()}
        typed("hold", "llm-api", "-c", config)
        # Four hours unless said otherwise.
        assert fake.posted[-1][1]["for_s"] == 4 * 3600


def test_every_kind_of_target_has_its_path(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        paths = ["/instances/a%2Fb", "/groups/in%20ference", "/centers/kunshan", "/fleet"]
        for path in paths:
            fake.says(f"{path}/release", {"done": f"{path} is released"}, method="POST")
        names = ("a/b", "--group", "in ference", "--center", "kunshan", "--all")
        done = typed("release", *names, "--every", "-c", config)
        assert done.exit_code == 0, done.output
        assert [path for path, _ in fake.posted] == [f"/api/v1{one}/release" for one in paths]
        assert all(body == {"every": True, "by": me()} for _, body in fake.posted)
        fake.says("/centers/kunshan/reset", {"done": "center kunshan is reset"}, method="POST")
        assert typed("reset", "--center", "kunshan", "-c", config).exit_code == 0


def test_one_refusal_keeps_no_other_target_from_being_asked(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/instances/one/reset", {"error": "one: several begin so"}, 404, method="POST")
        fake.says("/instances/two/reset", {"done": "two is reset"}, method="POST")
        done = typed("reset", "one", "two", "-c", config)
        assert (done.exit_code, done.stdout) == (2, "two is reset\n")
        assert "one: several begin so" in done.stderr
        shown = json.loads(typed("reset", "one", "two", "--json", "-c", config).stdout)
        assert shown == [
            {"target": "one", "error": "one: several begin so"},
            {"target": "two", "done": "two is reset"},
        ]
        fake.says("/instances/one/reset", {"error": "not now"}, 409, method="POST")
        assert typed("reset", "one", "-c", config).exit_code == 1


@pytest.mark.parametrize(
    "words",
    [
        ("hold",),
        ("hold", "llm-api", "--for", "31d"),
        ("hold", "llm-api", "--for", "0.5s"),
        ("hold", "llm-api", "--for", "soon"),
        ("hold", "llm-api", "--for", "1h", "--until-running"),
        ("release",),
        ("reset",),
        ("restart", "llm-api", "--wait", "long"),
    ],
)
def test_a_slip_is_wrong_usage_and_asks_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        assert typed(*words, "-c", config).exit_code == 2
        assert fake.posted == []


def test_without_a_daemon_commands_are_left_in_the_state(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    done = typed("hold", "llm-api", "--all", "--for", "2d", "--reason", "moving", "-c", config)
    assert done.exit_code == 0, done.output
    assert "llm-api: no daemon runs: hold is written to the state, the next run" in done.stdout
    assert "the fleet: no daemon runs" in done.stdout
    assert typed("hold", OTHER[:5], "--until-running", "-c", config).exit_code == 0
    assert typed("release", "--group", "inference", "--every", "-c", config).exit_code == 0
    assert typed("reset", "--center", "kunshan", "-c", config).exit_code == 0
    found, fresh = left_in(tmp_path)
    instance = ScopeKind.INSTANCE
    assert found == [
        PlaceHold(Scope(instance, LLM), me(), timedelta(days=2), reason="moving", row=1),
        PlaceHold(Scope(ScopeKind.FLEET), me(), timedelta(days=2), reason="moving", row=2),
        PlaceHold(Scope(instance, OTHER), me(), None, until_running=True, row=3),
        Release(Scope(ScopeKind.GROUP, "inference"), me(), every=True, row=4),
        Reset(Scope(ScopeKind.CENTER, "kunshan"), me(), row=5),
    ]
    # Nothing was ever seen under it: the next run must look first, as on a new state.
    assert fresh


def test_what_names_nobody_leaves_nothing_behind(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    for words in (("llm-api", "zzzz"), ("--group", "none"), ("--center", "none")):
        assert typed("hold", *words, "-c", config).exit_code == 2
    assert not (tmp_path / "state.db").exists()


def test_a_state_that_is_held_takes_no_command_past_its_daemon(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with held(tmp_path):
        assert typed("hold", "llm-api", "-c", config).exit_code == 69
    assert not (tmp_path / "state.db").exists()


def line(event: str, **fields: object) -> dict[str, object]:
    return {"timestamp": "2026-03-01T02:16:00.000Z", "event": event, "message": event, **fields}


ORDER = line("operator.command", command="restart")
OLD = [ORDER, line("restart.recovered")]


@pytest.mark.parametrize(
    ("after", "code", "said"),
    [
        ([line("restart.accepted"), line("restart.recovered")], 0, "restart.recovered"),
        ([line("restart.refused")], 1, "restart.refused"),
        ([line("restart.stuck_waiting")], 1, "was not seen running within 0"),
        ([line("operator.command", command="restart", lapsed="held")], 1, "operator.command"),
        ([], 1, "was not seen running within 0"),
    ],
)
def test_a_restart_that_is_waited_for_ends_with_its_verdict(
    tmp_path: Path, after: list[Mapping[str, object]], code: int, said: str
) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        answer = {"done": "llm-api is being restarted"}
        fake.says("/instances/llm-api/restart", answer, method="POST")
        fake.says("/events", [*OLD, ORDER, *after])
        done = typed("restart", "llm-api", "--wait", "0", "-c", config)
        assert (done.exit_code, said in done.output) == (code, True), done.output
        assert fake.posted == [("/api/v1/instances/llm-api/restart", {"by": me()})]
        whole = json.loads(
            typed("restart", "llm-api", "--wait", "0", "--json", "-c", config).stdout
        )
        assert whole["recovered"] is (code == 0)


def test_a_restart_that_is_refused_says_why_and_is_1(tmp_path: Path) -> None:
    config = str(config_in(tmp_path))
    with fake_daemon(tmp_path / "control.sock") as fake:
        fake.says("/instances/llm-api/restart", {"error": "status is running"}, 409, method="POST")
        done = typed("restart", "llm-api", "-c", config)
        assert (done.exit_code, done.stderr) == (1, "status is running\n")
        fake.says("/instances/llm-api/restart", {"done": "taken up"}, method="POST")
        done = typed("restart", "llm-api", "--json", "-c", config)
        assert json.loads(done.stdout) == {"done": "taken up"}
    assert typed("restart", "llm-api", "-c", config).exit_code == 69


def test_waiting_tells_each_event_once_and_sleeps_between_looks() -> None:
    looks: list[list[dict[str, Any]]] = [
        [*OLD, ORDER],
        [*OLD, ORDER, line("restart.accepted")],
        # Somebody else asked as well: it is the same restart that is waited for.
        [*OLD, ORDER, line("restart.accepted"), ORDER, line("restart.recovered")],
    ]
    naps: list[float] = []
    told = lines_until(lambda: looks[len(naps)], naps.append, lambda: False)
    events = [one["event"] for one in told]
    assert events == ["restart.accepted", "operator.command", "restart.recovered"]
    assert naps == [2.0, 2.0]
