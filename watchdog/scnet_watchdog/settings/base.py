"""What all settings models share: frozen, no unknown keys, docs from the fields' own docstrings."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

CONFIG = ConfigDict(
    extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
)


class Section(BaseModel):
    """A part of the config; a key without a value is one left out."""

    model_config = CONFIG

    @model_validator(mode="before")
    @classmethod
    def _left_out(cls, value: Any) -> Any:
        """A block whose keys are all commented out is not an error."""
        if not isinstance(value, dict) or None not in value.values():
            return value
        known = cls.model_fields
        return {key: one for key, one in value.items() if one is not None or key not in known}


def _text(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value


Text = Annotated[str, BeforeValidator(_text)]
"""Text; a plain number is taken as written."""


def _url(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise PydanticCustomError("url", "must be a URL that begins with http:// or https://")
    try:
        parts = urlsplit(value)
        usable = bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        # Half an IPv6 address, or a port that is no port.
        usable = False
    if not usable or not value.isprintable() or " " in value:
        raise PydanticCustomError("url", "must be a URL with a host and without credentials")
    return value


Url = Annotated[Text, BeforeValidator(_url)]


def _gateway(url: str) -> str:
    """Paths are put behind it, so nothing may follow its own."""
    if "?" in url or "#" in url:
        raise PydanticCustomError("url", "must be a URL without ? and #")
    return url


Gateway = Annotated[Url, AfterValidator(_gateway)]


LAST_PORT = 65535
DIGITS = 5
"""Of the longest port: no longer one is read as a number."""


def _address(value: Any) -> tuple[str, int]:
    """Host and port: 127.0.0.1:9716, [::1]:9716, localhost:9716."""
    host, _, port = (value if isinstance(value, str) else "").rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    digits = port.isascii() and port.isdigit() and len(port) <= DIGITS
    ok = digits and int(port) <= LAST_PORT
    # Only an IPv6 address has colons, and only it is written in brackets.
    if not ok or not bare or (":" in bare) is (bare == host):
        raise PydanticCustomError(
            "address", "must be HOST:PORT, such as 127.0.0.1:9716 or [::1]:9716"
        )
    return bare, int(port)


Address = Annotated[
    tuple[str, int],
    BeforeValidator(_address),
    WithJsonSchema(
        {"type": "string", "pattern": r"^(\[[^\[\]]*:[^\[\]]*\]|[^:\[\]]+):[0-9]{1,5}$"}
    ),
]
"""Where to listen: host and port."""


def _bare(value: Any) -> Any:
    """A secret without the line end that copying adds: it could not stand in a header."""
    text = _text(value)
    return text.strip() if isinstance(text, str) else text


Secret = Annotated[SecretStr, Field(min_length=1), BeforeValidator(_bare)]
