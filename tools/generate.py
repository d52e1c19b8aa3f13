"""Write the generated files, or with --check fail where one is not what it should be."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.settings.model import Settings
from scnet_watchdog.settings.schema import full_example, schema
from scnet_watchdog.settings.wording import inner_model

ROOT = Path(__file__).resolve().parent.parent


def wanted() -> dict[Path, str]:
    """Every generated file and what it should hold."""
    config_schema = json.dumps(schema(kinds()), indent=2, ensure_ascii=False) + "\n"
    return {
        ROOT / "config" / "watchdog.schema.json": config_schema,
        ROOT / "config" / "watchdog.full.yaml": full_example(),
        ROOT / "docs" / "settings.md": settings_page(),
    }


def settings_page() -> str:
    """Every setting with its meaning: the models' own words below a hand-written head."""
    head = (ROOT / "docs" / "settings.head.md").read_text(encoding="utf-8")
    rows = "\n".join(_rows(Settings, ""))
    kinds_ = "\n".join(
        f"| `sources.<name>.{name}` | of `type: {kind}`: {_said(field.description)} |"
        for kind, model in sorted(kinds().items())
        if kind in ("scnet", "file")
        for name, field in model.model_fields.items()
    )
    return f"{head}\n| setting | meaning, unit, default |\n|---|---|\n{rows}\n{kinds_}\n"


def _rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        yield f"| `{path}` | {_said(field.description)} |"
        inner = inner_model(field.annotation)
        if inner is not None:
            named = {"centers": ".<name>", "sources": ".<name>"}.get(path, "")
            listed = "[]" if str(field.annotation).startswith("list") else ""
            if path not in ("groups[].instances", "centers.<name>.limits") and (
                name != "policy" or not prefix
            ):
                yield from _rows(inner, f"{path}{named}{listed}.")


def _said(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def main() -> int:
    """Write or check; return the exit code."""
    stale = [
        path
        for path, text in wanted().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv[1:]:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(ROOT)} is not fresh: run make fix\n")
        return bool(stale)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted()[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
