"""Secrets never leave: every text that goes out is searched for their values."""

import json
from urllib.parse import quote

SHORTEST = 6
"""Shorter values are not searched for: they would blacken half of every line."""
MASK = "[secret]"


class Secrets:
    """The values that must not be told: added at start and whenever a token is renewed."""

    def __init__(self) -> None:
        self._forms: dict[str, None] = {}

    def add(self, value: str) -> None:
        """Keep a value, and the forms it takes in URLs and JSON, out of everything."""
        value = value.strip()
        if len(value) < SHORTEST:
            return
        for form in (value, quote(value, safe=""), json.dumps(value)[1:-1]):
            self._forms[form] = None

    def redact(self, text: str) -> str:
        """The text without any secret."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text
