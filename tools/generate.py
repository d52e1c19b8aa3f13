"""Write the generated files, or with --check fail where one is not what it should be."""

import json
import sys
from pathlib import Path

from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.settings.schema import full_example, schema

ROOT = Path(__file__).resolve().parent.parent


def wanted() -> dict[Path, str]:
    """Every generated file and what it should hold."""
    config_schema = json.dumps(schema(kinds()), indent=2, ensure_ascii=False) + "\n"
    return {
        ROOT / "config" / "watchdog.schema.json": config_schema,
        ROOT / "config" / "watchdog.full.yaml": full_example(),
    }


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
