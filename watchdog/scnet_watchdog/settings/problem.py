"""What is wrong with a config, and where: one line each, all of them at once."""

from dataclasses import dataclass

from ..errors import WatchdogError

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place: a file with line and column from 1, or an environment variable without."""

    origin: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.origin}:{self.line}:{self.column}" if self.line else self.origin


@dataclass(frozen=True, slots=True)
class Problem:
    """One error: where, what, and what would be right."""

    path: Path
    text: str
    mark: Mark | None = None

    def __str__(self) -> str:
        place = f"{self.mark}: " if self.mark is not None else ""
        path = dotted(self.path)
        line = f"{place}{path}: {self.text}" if path else f"{place}{self.text}"
        return line if line.isprintable() else "".join(map(_shown, line))


def _shown(character: str) -> str:
    """A character as one line can show it: a config may hold any text, a problem is one line."""
    return character if character.isprintable() else ascii(character)[1:-1]


def dotted(path: Path) -> str:
    """A path as people write it: `instances[3].policy`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


class SettingsError(WatchdogError):
    """The config is not valid; the text has one line per problem."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
