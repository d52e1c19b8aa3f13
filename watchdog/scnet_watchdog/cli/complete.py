"""Shell completion of instances: the names the running daemon knows, or none at all.

Somebody is typing: nothing is said, nothing is waited for, and no answer is no error.
"""

from pathlib import Path

import typer

from .client import API, Client, Declined, Unreached

LIMIT_S = 1.0
"""How long a person's keystroke waits for an answer."""


def instances(context: typer.Context, incomplete: str) -> list[str]:
    """Names and ids that begin as typed."""
    from .where import find

    given = context.params.get("config")
    try:
        where = find(Path(given) if given else None)
    except typer.Exit:
        return []
    for path in (*where.sockets, *where.others):
        try:
            rows = Client(path, LIMIT_S).get(f"{API}/instances")["instances"]
        except (Unreached, Declined):
            continue
        # Whoever has typed nothing wants names; an id is for who has begun one.
        found = [str(row["name"]) for row in rows] + [row["id"] for row in rows if incomplete]
        return sorted({one for one in found if one.startswith(incomplete)})
    return []
