"""What all settings models share: frozen, no unknown keys, docs from the fields' own docstrings."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr
from pydantic_core import PydanticCustomError

CONFIG = ConfigDict(
    extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
)


class Section(BaseModel):
    """A part of the config."""

    model_config = CONFIG


def _text(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value


Text = Annotated[str, BeforeValidator(_text)]
"""Text; a plain number is taken as written."""


def _url(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise PydanticCustomError("url", "must be a URL that begins with http:// or https://")
    host = value.split("://", 1)[1].split("/", 1)[0]
    if not host or "@" in host:
        raise PydanticCustomError("url", "must be a URL with a host and without credentials")
    return value


Url = Annotated[Text, BeforeValidator(_url)]
Secret = Annotated[SecretStr, BeforeValidator(_text)]
