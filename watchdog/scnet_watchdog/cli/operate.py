"""`health` and `reload`: the daemon itself, rather than its instances."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from .common import ConfigOption, ExitCode, JsonOption, leave

HEALTH_LIMIT_S = 5.0
"""A daemon whose loop turns answers at once; a container's health check does not wait longer."""


def well(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Tell whether the daemon's loop turns: exit 0 or 1, for container health checks."""
    answer = _said(config)
    fine = answer.get("ok") is True
    if as_json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    elif fine:
        sys.stdout.write("ok\n")
    if not fine:
        leave(ExitCode.FAILED, "" if as_json else str(answer.get("why") or "not healthy"))


def _said(config: Path | None) -> Mapping[str, Any]:
    """What the daemon says of itself; whoever asks wants yes or no, not another exit code."""
    from .client import Client, Declined, Unreached
    from .reach import reach
    from .where import find

    try:
        found = reach(find(config))
    except typer.Exit as error:
        # Why there is no answer has been said.
        raise typer.Exit(ExitCode.FAILED) from error
    if found is None:
        return {"ok": False, "why": "no daemon runs"}
    try:
        answer: Mapping[str, Any] = Client(found.path, HEALTH_LIMIT_S).get("/healthz")
    except Declined as error:
        return error.body
    except Unreached as error:
        return {"ok": False, "why": f"the daemon cannot be reached: {error}"}
    return answer


def reload(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Have the daemon load its config anew; exit 1 with the errors where it is rejected."""
    from .client import API, Declined
    from .reach import answered, needed
    from .where import find

    client = needed(find(config), "reload")

    def asked() -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = client.post(f"{API}/reload", {})
        except Declined as error:
            if error.status != 422:
                raise
            answer = error.body
        return answer

    answer = answered(asked)
    if as_json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
    errors = answer.get("errors")
    if errors:
        text = "the config was rejected, nothing changed:\n" + "\n".join(map(str, errors))
        leave(ExitCode.FAILED, "" if as_json else text)
    if not as_json:
        sys.stdout.write(_reloaded(answer))


def _reloaded(answer: Mapping[str, Any]) -> str:
    lines = ["The config was reloaded."]
    for key in ("added", "removed", "changed"):
        if names := answer.get(key):
            lines.append(f"  {key}: {', '.join(map(str, names))}")
    if later := answer.get("needs_restart"):
        lines.append(f"  needs a restart of the daemon: {', '.join(map(str, later))}")
    if impact := answer.get("impact"):
        lines.append(f"  {impact}")
    return "\n".join(lines) + "\n"
