"""The command `scnet-watchdog`, also `python -m scnet_watchdog`.

`--version` answers before anything heavy is imported.
"""

import sys

from . import __version__


def main() -> None:
    """Answer `--version`, else hand over to the command line."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"scnet-watchdog {__version__}\n")
        return
    from .cli.main import app

    app(prog_name="scnet-watchdog")


if __name__ == "__main__":
    main()
