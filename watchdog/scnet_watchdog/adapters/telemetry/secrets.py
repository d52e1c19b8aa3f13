"""Secrets never leave: every text that goes out is searched for their values."""

import json
import re
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""Shorter values are not searched for: they would blacken half of every line."""
MASK = "[secret]"
_ESCAPE = re.compile("%[0-9A-F]{2}")


class Secrets:
    """The values that must not be told: added at start and whenever a token is renewed."""

    def __init__(self) -> None:
        self._forms: tuple[str, ...] = ()

    def add(self, value: str) -> None:
        """Keep a value, and the forms it takes in URLs, JSON and reprs, out of everything."""
        value = value.strip()
        if len(value) < SHORTEST:
            return
        # Longest first: a shorter secret within a longer one must not leave its rest behind.
        forms = {*self._forms, *_forms(value)}
        self._forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))

    def redact(self, text: str) -> str:
        """The text without any secret."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text


def _forms(value: str) -> set[str]:
    quoted = {quote(value, safe=""), quote(value), quote_plus(value)}
    lower = {_ESCAPE.sub(lambda found: found[0].lower(), form) for form in quoted}
    written = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return {value, repr(value)[1:-1], *quoted, *lower, *written}
