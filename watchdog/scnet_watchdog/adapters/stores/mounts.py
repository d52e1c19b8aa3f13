"""Whether a folder lies on a network file system: locks and syncs may mean less there."""

from pathlib import Path, PurePath

MOUNTS = Path("/proc/self/mountinfo")
"""Linux's table of mounts; elsewhere there is none, and no answer."""

NETWORK = (
    "nfs", "cifs", "smb", "afs", "ceph", "lustre", "gpfs", "beegfs", "glusterfs", "orangefs",
    "pvfs", "panfs", "parastor", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.juicefs",
)  # fmt: skip
"""How the types of network file systems begin, those of computing centers among them."""


def network_type(folder: Path, table: str) -> str | None:
    """The type of the network file system a folder lies on, or None.

    Args:
        folder: absolute, without links.
        table: what `MOUNTS` holds.
    """
    best, found = -1, ""
    for line in table.splitlines():
        head, _, tail = line.partition(" - ")
        fields, kinds = head.split(), tail.split()
        if len(fields) < 5 or not kinds:
            continue
        point = PurePath(_unescaped(fields[4]))
        # The longest one that holds the folder; of equal ones the last, which hides the others.
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), kinds[0]
    return found if found.startswith(NETWORK) else None


def network_warning(state: Path, mounts: Path = MOUNTS) -> str | None:
    """What to say about the place of a state, or None."""
    try:
        table = mounts.read_text(encoding="utf-8", errors="surrogateescape")
        kind = network_type(state.parent.resolve(), table)
    except OSError:
        return None
    if kind is None:
        return None
    return (
        f"the state {state} lies on a network file system ({kind}): its locks and syncs hold as "
        "far as the server keeps them; a local disk is better"
    )


def _unescaped(text: str) -> str:
    """A path as it is: blanks and the like stand in the table as octal numbers."""
    for code in ("040", "011", "012", "134"):
        text = text.replace(f"\\{code}", chr(int(code, 8)))
    return text
