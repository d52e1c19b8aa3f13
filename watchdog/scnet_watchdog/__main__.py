"""The command `scnet-watchdog`, also `python -m scnet_watchdog`.

`--version` answers before anything heavy is imported.
"""

import gc
import sys

from . import __version__


def main() -> None:
    """Answer `--version`, else hand over to the command line."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"scnet-watchdog {__version__}\n")
        return
    # What is imported stays: looking through it again and again would be a fifth of the start.
    gc.disable()
    from .cli.main import app

    gc.enable()
    app(prog_name="scnet-watchdog")


if __name__ == "__main__":
    main()
