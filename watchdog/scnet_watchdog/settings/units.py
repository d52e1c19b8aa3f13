"""Durations, sizes and shares as people write them, strictly: a unit is needed."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_T = TypeVar("_T")

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = r"\d+(?:\.\d+)?(?:ms|d|h|m|s)"
DURATION = re.compile(rf"(?:{_PART})+", re.ASCII)
_PARTS = re.compile(r"(\d+(?:\.\d+)?)(ms|d|h|m|s)", re.ASCII)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|kB|MB|GB)", re.ASCII)
_SIZES = {
    "B": 1,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
}
LARGEST_SIZE = 2**63 - 1
"""Bytes the largest file may have."""
_SHARE = re.compile(r"(\d+(?:\.\d+)?)%", re.ASCII)
LONGEST = timedelta(days=36500)
"""A century: no wait is longer, and no sum of waits overflows."""


def parse_duration(text: str) -> timedelta:
    """Read `30s`, `0.5s`, `5m`, `2h`, `1d`, `1h30m`; `0` needs no unit.

    Raises:
        ValueError: the text is no duration, or longer than a century.
    """
    text = text.strip()
    if text == "0":
        return timedelta()
    if not DURATION.fullmatch(text):
        hint = f'; did you mean "{text}s"?' if re.fullmatch(r"\d+(\.\d+)?", text) else ""
        raise ValueError(f'"{text}" is not a duration such as 30s, 5m or 1h30m{hint}')
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PARTS.findall(text))
    if seconds > LONGEST.total_seconds():
        raise ValueError(f'"{text}" is longer than a century')
    return timedelta(seconds=seconds)


def parse_size(text: str) -> int:
    """Read `50MiB`, `1GB`, `0B` as bytes.

    Raises:
        ValueError: the text is no size, or more than a file can have.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'"{text}" is not a size such as 50MiB')
    size = float(found[1]) * _SIZES[found[2]]
    if size > LARGEST_SIZE:
        raise ValueError(f'"{text}" is larger than any file')
    return int(size)


def parse_share(text: str) -> float:
    """Read `0.5` or `50%` as a number from 0 to 1.

    Raises:
        ValueError: the text is no share.
    """
    found = _SHARE.fullmatch(text.strip())
    try:
        share = float(found[1]) / 100 if found else float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError(f'"{text}" is not a share such as 0.5 or 50%')
    return share


def format_duration(length: timedelta) -> str:
    """The shortest way to write a duration."""
    seconds = length.total_seconds()
    if seconds == 0:
        return "0s"
    parts = []
    for unit in ("d", "h", "m"):
        whole, seconds = divmod(seconds, _UNITS[unit])
        if whole:
            parts.append(f"{int(whole)}{unit}")
    if seconds:
        parts.append(f"{seconds:g}s")
    return "".join(parts)


def duration_of(value: object) -> timedelta:
    """A duration as the config gives it.

    Raises:
        PydanticCustomError: it is none; the text says why.
    """
    return value if isinstance(value, timedelta) else _read(parse_duration, value)


def _wait(value: object) -> timedelta:
    length = duration_of(value)
    if not length:
        raise PydanticCustomError("duration", "must be longer than 0")
    return length


def _size(value: object) -> int:
    return value if isinstance(value, int) else _read(parse_size, value)


def _share(value: object) -> float:
    return value if isinstance(value, float) else _read(parse_share, value)


def _read(parse: Callable[[str], _T], value: object) -> _T:
    """Read text; refuse anything else in words of our own."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        raise PydanticCustomError("unit", "a plain value is expected here")
    try:
        return parse(str(value))
    except ValueError as error:
        raise PydanticCustomError("unit", "{text}", {"text": str(error)}) from None


_PATTERN = rf"^({_PART})+$"
Duration = Annotated[
    timedelta,
    BeforeValidator(duration_of),
    WithJsonSchema({"type": ["string", "integer"], "pattern": rf"^(0|({_PART})+)$", "maximum": 0}),
]
"""A wait that may be none: `0` is allowed without a unit."""
Wait = Annotated[
    timedelta, BeforeValidator(_wait), WithJsonSchema({"type": "string", "pattern": _PATTERN})
]
"""A wait that must be longer than none."""
Size = Annotated[
    int,
    BeforeValidator(_size),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)? ?(B|[kKMG]i?B)$"}),
]
"""Bytes."""
Share = Annotated[
    float,
    BeforeValidator(_share),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 1},
                {"type": "string", "pattern": r"^\d+(\.\d+)?%$"},
            ]
        }
    ),
]
"""A part of a whole, from 0 to 1."""
