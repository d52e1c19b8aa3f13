"""Commands left in the store: each is taken up once, and its row is done when its turn is saved."""

from collections.abc import Iterable

from ..core.command import Command
from ..ports import StateStore, Tenure, Unwritable


class Inbox:
    """Remembers which rows were handed out and not yet seen to be gone."""

    def __init__(self, store: StateStore) -> None:
        self._store = store
        self._handed_out: set[int] = set()
        self._saved: set[int] = set()

    def saved(self, rows: Iterable[int]) -> None:
        """Note that the turns of these rows are saved."""
        self._saved.update(rows)

    def forget(self) -> None:
        """The tenure is over: whoever owns the rows next takes them up."""
        self._handed_out.clear()
        self._saved.clear()

    async def new(self, tenure: Tenure) -> list[Command]:
        """Commands that were not handed out before; none while the store cannot be read.

        Raises:
            Fenced
        """
        # Rows saved before the store is asked cannot be in its answer any more.
        done = frozenset(self._saved)
        try:
            commands = await self._store.inbox(tenure)
        except Unwritable:
            # Told by the next commit; the rows are still there at the next look.
            return []
        found = [one for one in commands if one.row not in self._handed_out]
        self._handed_out.update(one.row for one in commands if one.row is not None)
        self._handed_out -= done
        self._saved -= done
        return found
