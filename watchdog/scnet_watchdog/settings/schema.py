"""JSON Schema for editors, and the commented example with every setting."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from ..core.policy import Limits, Policy
from .model import Settings
from .units import format_duration


def schema(kinds: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """The config's JSON Schema: ids alone are instances, `x-…` keys are free at the top."""
    found = Settings.model_json_schema()
    found["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    found["title"] = "scnet-watchdog config"
    found["patternProperties"] = {"^x-": {}}
    definitions = found["$defs"]
    for place in (found, definitions["Group"]):
        place["properties"]["instances"]["items"] = {
            "anyOf": [{"$ref": "#/$defs/Instance"}, {"type": ["string", "integer"]}]
        }
    patch = definitions["PolicyPatch"]["properties"]["cooldown"]
    patch["anyOf"].insert(0, {"type": "string", "description": "a constant cooldown"})
    source = definitions["Source"]
    source["properties"]["type"]["examples"] = sorted(kinds)
    for kind in kinds.values():
        for name, one in kind.model_json_schema().get("properties", {}).items():
            source["properties"].setdefault(name, one)
    return found


def full_example() -> str:
    """Every setting with its default and meaning, as a config that loads."""
    lines = [
        "# yaml-language-server: $schema=./watchdog.schema.json",
        "# Every setting, with its default. Generated: change settings/model.py, not this file.",
        "",
    ]
    for section, block in _EXAMPLE.items():
        lines += _block(section, block, Settings, 0)
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _comment(model: type[BaseModel] | None, name: str) -> str:
    field = model.model_fields.get(name) if model is not None else None
    text = (field.description or "") if field is not None else ""
    return " ".join(text.split())


def _block(name: str, value: Any, model: type[BaseModel] | None, depth: int) -> Iterator[str]:
    from .wording import inner_model

    pad = "  " * depth
    field = model.model_fields.get(name) if model is not None else None
    inner = inner_model(field.annotation) if field is not None else None
    if model is None or field is None:
        inner = model
    comment = _comment(model, name)
    if comment:
        yield f"{pad}# {comment}"
    if isinstance(value, Named):
        yield f"{pad}{name}:"
        for key, one in value.items():
            yield f"{pad}  {key}:"
            for sub, leaf in one.items():
                yield from _block(sub, leaf, inner, depth + 2)
    elif isinstance(value, Mapping):
        yield f"{pad}{name}:"
        for key, one in value.items():
            yield from _block(key, one, inner, depth + 1)
    else:
        yield f"{pad}{name}: {value}"


class Named(dict[str, Any]):
    """Blocks under names of the user's own."""


def _defaults(value: Any) -> dict[str, Any]:
    """A core value as the config writes it."""
    found: dict[str, Any] = {}
    for name in value.__dataclass_fields__:
        one = getattr(value, name)
        found[name] = _defaults(one) if hasattr(one, "__dataclass_fields__") else _written(one)
    return found


def _written(one: Any) -> str:
    if one is None:
        return "auto"
    if isinstance(one, timedelta):
        return format_duration(one)
    if isinstance(one, frozenset):
        quoted = (f'"{item}"' if str(item).isdigit() else str(item) for item in sorted(one))
        return f"[{', '.join(sorted(quoted, reverse=True))}]"
    return f"{one:g}" if isinstance(one, float) else str(one)


_EXAMPLE: dict[str, Any] = {
    "centers": Named(
        kunshan={
            "base_url": "https://ai.example.invalid:65011",
            "login": {
                "user": "alice",
                "access_key": "replace-me",
                "secret_key": "replace-me",
                "cluster_id": '"11250"',
                "token_url": "https://api.scnet.cn/api/user/v3/tokens",
                "center_url": "https://www.scnet.cn/ac/openapi/v2/center",
            },
            "timeout": {"connect": "5s", "read": "30s"},
            "max_connections": "8",
            "verify_tls": "true",
            "ca_file": "null",
            "proxy": "null",
            "limits": "{}",
        }
    ),
    "sources": Named(
        scnet={"type": "scnet", "interval": "30s", "fast_interval": "10s", "list": "auto"},
        flags={"type": "file", "interval": "5s", "fast_interval": "5s", "path": "flags.yaml"},
    ),
    "policy": _defaults(Policy()),
    "limits": _defaults(Limits()),
    "groups": "[]",
    "instances": '["4c1f43ddb030483e89b55413bee6c004"]',
    "state": {"url": "null", "keep": "90d"},
    "server": {"socket": "null", "listen": "null", "token_file": "null"},
    "log": {
        "level": "info",
        "format": "auto",
        "file": "null",
        "rotate": "50MiB",
        "keep_files": "5",
    },
    "notify": "[]",
    "heartbeat": {"url_file": "null", "interval": "60s"},
    "reload_on_change": "false",
}
