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
    from .cli.main import main as command_line

    command_line()


if __name__ == "__main__":
    main()
