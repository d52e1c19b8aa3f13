"""Mutation testing of the core: does any test notice when its code is wrong?

    python -P tools/mutate.py                    all; fails on a survivor nobody has explained
    python -P tools/mutate.py --only may gates   some modules
    python -P tools/mutate.py --again            what survived the last run

A mutant is one small fault (faults.py, mutants.py); trials.py tries it. Explained survivors stand
in mutants.accepted.toml, each with the reason.
"""

import argparse
import json
import sys
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "watchdog" / "scnet_watchdog" / "core"
ACCEPTED = ROOT / "tools" / "mutants.accepted.toml"
RESULTS = ROOT / "build" / "mutants.json"
sys.path[:0] = [str(ROOT / "watchdog"), str(ROOT / "tools")]

from faults import members_of_enums  # noqa: E402
from mutants import Mutant, mutants_of  # noqa: E402
from trials import Trials  # noqa: E402


def main() -> int:
    """Run; return 1 when a survivor is not explained or an explanation is out of date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[], metavar="MODULE")
    parser.add_argument("--again", action="store_true", help="only what survived before")
    parser.add_argument("--report", action="store_true", help="only tell the last results")
    parser.add_argument("--tests", nargs="*", default=[str(ROOT / "tests" / "core")])
    asked = parser.parse_args()
    every = all_mutants()
    known: dict[str, str] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    told = {one.key: known[one.key] for one in every if one.key in known}
    chosen = [one for one in every if not asked.only or one.module in asked.only]
    if asked.again:
        chosen = survivors(chosen, told)
    if not asked.report and not tried(chosen, asked.tests, told):
        sys.stderr.write("The tests fail without any fault.\n")
        return 1
    return report(every, told)


def survivors(mutants: list[Mutant], told: dict[str, str]) -> list[Mutant]:
    """Those that nothing has noticed yet, and those that were never tried."""
    return [one for one in mutants if told.get(one.key, "survived") == "survived"]


def tried(mutants: list[Mutant], tests: list[str], told: dict[str, str]) -> bool:
    """Try mutants; keep what became of each, also of a run that is interrupted."""
    try:
        return Trials(ROOT, CORE, tests, told).run(mutants)
    finally:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")


def all_mutants() -> list[Mutant]:
    """Every mutant of the core, in a stable order."""
    enums = members_of_enums(CORE)
    return [
        mutant
        for path in sorted(CORE.glob("*.py"))
        for mutant in mutants_of(path.stem, path.read_text(encoding="utf-8"), enums)
    ]


def accepted() -> dict[str, str]:
    """Explained survivors: key to reason."""
    if not ACCEPTED.exists():
        return {}
    groups = tomllib.loads(ACCEPTED.read_text(encoding="utf-8")).get("survivors", [])
    return {key: group["why"] for group in groups for key in group["mutants"]}


def report(every: list[Mutant], told: dict[str, str]) -> int:
    """Print a row per module; return 1 on a survivor without a reason or a reason without one."""
    reasons = accepted()
    rows = counted(every, told, reasons)
    lines = [
        "| module | mutants | killed | explained | open | score |",
        "|---|---|---|---|---|---|",
    ]
    for name, (killed, known, left) in rows.items():
        count = killed + known + left
        score = f"{100 * killed / count:.1f} %"
        lines.append(f"| {name} | {count} | {killed} | {known} | {left} | {score} |")
    keys = {one.key for one in every}
    stale = [key for key in reasons if key not in keys or told.get(key, "survived") != "survived"]
    lines += [f"explained, but no survivor: {key}" for key in stale]
    untried = Counter(one.module for one in every if one.key not in told)
    lines += [f"not tried yet: {name}: {count}" for name, count in sorted(untried.items())]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(stale) or any(left for _, _, left in rows.values()))


def counted(
    every: list[Mutant], told: dict[str, str], reasons: dict[str, str]
) -> dict[str, list[int]]:
    """Per module and for all: how many were killed, explained, left open."""
    rows: dict[str, list[int]] = {}
    total = [0, 0, 0]
    for one in every:
        how = told.get(one.key)
        if how is not None:
            at = 0 if how != "survived" else 1 if one.key in reasons else 2
            rows.setdefault(one.module, [0, 0, 0])[at] += 1
            total[at] += 1
    return rows | {"all": total} if rows else {}


if __name__ == "__main__":
    sys.exit(main())
