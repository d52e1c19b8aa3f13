"""Secrets never leave: every text that goes out is searched for their values."""

import json
import re
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""Shorter values are not searched for: they would blacken half of every line."""
LONG = 32
PART = 16
"""Of a value as long as `LONG`, its first `PART` characters give it away: texts are cut short."""
FIRST = 500
MOST = 600
"""Values that are searched for at most. The first ones come from the config and stay; of the later
ones, a platform's tokens, the oldest is forgotten: it could give a new one at every request."""
MASK = "[secret]"
_ESCAPE = re.compile("%[0-9A-F]{2}")


class Secrets:
    """The values that must not be told: added at start and whenever a token is renewed."""

    def __init__(self) -> None:
        self._values: dict[str, set[str]] = {}
        self._forms: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many values are searched for."""
        return len(self._values)

    def add(self, value: str) -> None:
        """Keep a value, and the forms it takes in URLs, JSON and reprs, out of everything."""
        value = value.strip()
        if len(value) < SHORTEST or value in self._values:
            return
        self._values[value] = _forms(value)
        if len(self._values) > MOST:
            del self._values[list(self._values)[FIRST]]
        # Longest first: a shorter secret within a longer one must not leave its rest behind.
        forms = set().union(*self._values.values())
        self._forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))

    def redact(self, text: str) -> str:
        """The text without any secret."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        for form in self._forms:
            if len(form) >= LONG and form[:PART] in text:
                text = _without_part(text, form)
        return text


def _without_part(text: str, form: str) -> str:
    """The text without the beginnings of a long value."""
    first, *rest = text.split(form[:PART])
    return first + "".join(MASK + part[_shared(part, form[PART:]) :] for part in rest)


def _shared(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _forms(value: str) -> set[str]:
    quoted = {quote(value, safe=""), quote(value), quote_plus(value)}
    lower = {_ESCAPE.sub(lambda found: found[0].lower(), form) for form in quoted}
    written = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return {value, repr(value)[1:-1], *quoted, *lower, *written}
