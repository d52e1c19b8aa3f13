"""`check` beside a running daemon: what a reload would mean, said before it happens."""

from pathlib import Path

from cli_support import LLM, OTHER, config_in, fake_daemon, fleet, row, typed
from scnet_watchdog.cli.foresee import foreseen
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.policy import Member, Mode, Policy, Roster


def roster(policy: Policy, *ids: str) -> Roster:
    members = {InstanceId(id_): Member(InstanceId(id_), "kunshan", "scnet", policy) for id_ in ids}
    return Roster(members, {}, {})


LEFT = row(LLM, status="completed", reason="not_restartable")
CHANGED = Policy(restart_on=frozenset({Status.COMPLETED}))


def test_who_would_be_restarted_after_a_reload_is_counted() -> None:
    held = row(OTHER, status="completed", reason="held", hold={"scope": "instance"})
    said = foreseen([LEFT, held], roster(CHANGED, LLM, OTHER), shadow=False)
    assert said == "1 instance would become eligible for a restart"


def test_who_would_no_longer_be_restarted_is_counted_too() -> None:
    watch = roster(Policy(mode=Mode.WATCH), LLM, OTHER)
    rows = [row(LLM), row(OTHER, status="running", reason="healthy")]
    assert foreseen(rows, watch, shadow=False) == "1 instance would no longer be restarted"


def test_added_and_removed_instances_are_counted() -> None:
    said = foreseen([row(LLM)], roster(Policy(), OTHER, "third"), shadow=False)
    assert said == (
        "2 instances would be newly watched: looked at first, then decided; "
        "1 instance would no longer be watched"
    )


def test_a_config_that_changes_nothing_and_a_daemon_in_shadow_make_nobody_eligible() -> None:
    nobody = "a reload makes nobody eligible for a restart"
    assert foreseen([LEFT], roster(Policy(), LLM), shadow=False) == nobody
    assert foreseen([LEFT], roster(CHANGED, LLM), shadow=True) == nobody


def test_check_tells_it_of_the_daemon_that_runs_with_this_very_file(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    with fake_daemon(tmp_path / "control.sock") as fake:
        mine = {"path": str(config), "changed_on_disk": True, "rejected": None}
        fake.says("/instances", fleet(row(), config=mine))
        done = typed("check", "-c", str(config))
        assert done.exit_code == 0, done.output
        assert "a daemon runs with it: 1 instance would be newly watched" in done.stdout
        fake.says("/instances", fleet(row(), config={**mine, "path": "/etc/another.yaml"}))
        assert "a daemon runs" not in typed("check", "-c", str(config)).stdout
        fake.says("/instances", {"error": "not now"}, 503)
        assert typed("check", "-c", str(config)).exit_code == 0
