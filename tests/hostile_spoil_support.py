"""How answers are spoiled, byte by byte and node by node, and what spoiled bytes still say.

`says_down` and `says_yes` are the judges: written apart from the daemon's own reading, they ask
only whether the bytes that were served hold such a statement at all.
"""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any

EDGES = (b"\r\n", b"\n", b"\x00", b"\xff", b"0", b"-1", b":", b"{", b"}", b"[", b'"', b" ", b"\\u")
HEADS = (
    b"Content-Encoding: gzip",
    b"Content-Encoding: br",
    b"Transfer-Encoding: chunked",
    b"Content-Length: 7",
    b"Connection: close",
    b"Connection: upgrade",
    b"Location: mailto:x",
    b"Retry-After: 9999999999",
    b"Retry-After: \xb2",
    b"Set-Cookie: a=b; Domain=..",
)
STATUS_LINES = (
    *("100 C", "101 U", "204 N", "206 P", "302 F", "304 N", "401 U", "404 N", "429 T", "500 E"),
    *("503 S", "599 X", "600 Y", "999 Z", "000 Q", "-20 N", "2000 OK"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1e400, float("nan"), 10**400, 2**63, "", "0", " 0 ", "00"),
    *("Failed", "terminated", "Running", "10008", "10007", "\ud800", "\u202e", "x" * 5000),
    *([], {}, [[]], [None], {"id": None}, {"code": "0"}),
)
WORDS = {
    "stopped": "stopped",
    "terminated": "stopped",
    "failed": "failed",
    "completed": "completed",
}
"""The platform's words for *down*, and ours."""
IDS = ("id", "instanceServiceId")

Change = Callable[[bytearray, Random], None]


def _at(found: bytearray, dice: Random) -> int:
    """Somewhere; the head is short and is met as often as the body."""
    head = found.find(b"\r\n\r\n")
    reach = head + 4 if head > 0 and dice.random() < 0.5 else len(found)
    return dice.randrange(max(1, reach))


def _flip(found: bytearray, dice: Random) -> None:
    if found:
        found[_at(found, dice) % len(found)] ^= 1 << dice.randrange(8)


def _overwrite(found: bytearray, dice: Random) -> None:
    if found:
        found[_at(found, dice) % len(found)] = dice.randrange(256)


def _insert(found: bytearray, dice: Random) -> None:
    at = _at(found, dice)
    found[at:at] = dice.choice(EDGES) * dice.choice((1, 1, 1, 3, 200))


def _delete(found: bytearray, dice: Random) -> None:
    at = _at(found, dice)
    del found[at : at + dice.choice((1, 1, 2, 8, 64))]


def _cut(found: bytearray, dice: Random) -> None:
    del found[_at(found, dice) :]


def _double(found: bytearray, dice: Random) -> None:
    at = _at(found, dice)
    found[at:at] = found[at : at + dice.choice((1, 2, 16, 100, 5000))]


def _head(found: bytearray, dice: Random) -> None:
    end = found.find(b"\r\n")
    if end > 0:
        found[end:end] = b"\r\n" + dice.choice(HEADS)


def _status(found: bytearray, dice: Random) -> None:
    end = found.find(b"\r\n")
    if end > 0:
        found[:end] = b"HTTP/1.1 " + dice.choice(STATUS_LINES).encode()


CHANGES: tuple[Change, ...] = (
    *(_flip, _overwrite, _insert, _delete, _cut, _double, _head, _status),
)


def spoil_bytes(answer: bytes, dice: Random) -> bytes:
    """One to four changes anywhere in head and body."""
    found = bytearray(answer)
    for _ in range(dice.choice((1, 1, 2, 4))):
        dice.choice(CHANGES)(found, dice)
    return bytes(found)


def spoil_nodes(answer: bytes, dice: Random) -> bytes:
    """One to three nodes of the JSON changed; the frame around it is right."""
    tree: Any = json.loads(answer.partition(b"\r\n\r\n")[2])
    for _ in range(dice.choice((1, 1, 2, 3))):
        tree = spoil_tree(tree, dice)
    body = json.dumps(tree).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def spoil_tree(tree: Any, dice: Random) -> Any:
    """The tree with one node replaced, dropped, doubled, or put into another place."""
    places = list(_places(tree))
    if not places:
        return deepcopy(dice.choice(VALUES))
    holder, key = dice.choice(places)
    match dice.randrange(5):
        case 0:
            del holder[key]
        case 1:
            other, its = dice.choice(places)
            # A copy: a tree that holds itself cannot be written down.
            holder[key] = deepcopy(other[its]) if its in _keys(other) else None
        case 2 if isinstance(holder, list):
            holder.insert(key, deepcopy(holder[key]))
        case 3:
            holder[key] = {"data": [holder[key]]}
        case _:
            holder[key] = deepcopy(dice.choice(VALUES))
    return tree


def _keys(holder: Any) -> Any:
    return holder if isinstance(holder, dict) else range(len(holder))


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(tree, (dict, list)):
        for key in _keys(tree):
            yield tree, key
            yield from _places(tree[key])


def says_yes(answer: bytes) -> bool:
    """Whether the bytes hold a JSON object whose code is 0."""
    return any(True for _ in _agreed(answer))


def says_down(answer: bytes, asked: str | None = None) -> set[tuple[str, str]]:
    """Ids and statuses, in our words, that an envelope with code 0 within these bytes calls down.

    Args:
        asked: the id that was asked for; a block of data without any id speaks of it.
    """
    found: set[tuple[str, str]] = set()
    for envelope in _agreed(answer):
        data = envelope.get("data")
        if asked and isinstance(data, dict) and not any(data.get(name) for name in IDS):
            found |= {(asked, word) for word in _word(data)}
        for holder, key in [({"data": data}, "data"), *_places(data)]:
            row = holder[key]
            if isinstance(row, dict):
                ids = {str(row[name]) for name in IDS if name in row}
                found |= {(id_, word) for id_ in ids for word in _word(row)}
    return found


def _word(row: dict[str, Any]) -> list[str]:
    text = row.get("status")
    word = WORDS.get(text.strip().lower()) if isinstance(text, str) else None
    return [] if word is None else [word]


def _agreed(answer: bytes) -> Iterator[dict[str, Any]]:
    start = answer.find(b"{")
    while start >= 0:
        try:
            text = answer[start:].decode("utf-8", "surrogateescape")
            found, _ = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict) and _is_zero(found.get("code")):
            yield found
        start = answer.find(b"{", start + 1)


def _is_zero(code: object) -> bool:
    return isinstance(code, (str, int)) and not isinstance(code, bool) and str(code).strip() == "0"
