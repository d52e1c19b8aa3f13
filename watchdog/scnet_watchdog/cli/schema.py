"""`schema`: the JSON Schema of the config, for editors."""

import json
import sys

from .common import ConfigOption


def schema(config: ConfigOption = None) -> None:
    """Print the JSON Schema of the config file."""
    from ..adapters.registry import kinds
    from ..settings.schema import schema as config_schema

    del config
    sys.stdout.write(json.dumps(config_schema(kinds()), indent=2, ensure_ascii=False) + "\n")
