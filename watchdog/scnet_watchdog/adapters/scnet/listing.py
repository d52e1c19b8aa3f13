"""The list of instances: which variant works is found once and remembered; no page is trusted.

The platform's page and its clients contradict each other: parameters in the query, in a JSON body
sent with the GET, or under another path. A short page may be a cap, `start` may be ignored: the
next page starts after the rows *received*, and a page without anything new is the last.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from ...core.model import InstanceId
from ...ports import Clock, SourceUnavailable
from ..http import Reply
from .client import SERVICE, ScnetClient, said
from .envelope import Envelope, Row, rows_of

PAGE = 200
"""Rows asked for: the most that any client was seen to use."""
MOST_PAGES = 2000
MOST_ROWS = MOST_PAGES * PAGE
"""Bounds against a list that never ends: 400 000 instances."""
TRIES = 3
"""How often a page is asked for before the poll fails."""
WRONG_VARIANT = frozenset({"10003", "10004"})


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to ask for the list."""

    path: str
    in_query: bool
    in_body: bool


VARIANTS = (
    Variant(f"{SERVICE}/task", in_query=True, in_body=True),
    Variant(f"{SERVICE}/task", in_query=True, in_body=False),
    Variant(f"{SERVICE}/task", in_query=False, in_body=True),
    Variant(f"{SERVICE}/task/list", in_query=True, in_body=False),
)


class NoVariant(SourceUnavailable):
    """No way to ask for the list works here; details still may."""


@dataclass(frozen=True, slots=True)
class ListPage:
    """New rows of one page, by id; an id may stand in it more than once."""

    rows: tuple[Row, ...]
    asked_at: datetime
    seen_at: datetime


class Listing:
    """Pages through a center's list."""

    def __init__(self, client: ScnetClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._works: Variant | None = None

    async def pages(self, seen: set[InstanceId]) -> AsyncIterator[ListPage]:
        """Every page until nothing new comes.

        Args:
            seen: ids that are not shown again; those shown are added.

        Raises:
            NoVariant, SourceUnavailable, SourceThrottled, SourceRefused
        """
        received = 0
        for _ in range(MOST_PAGES):
            asked_at = self._clock.now()
            rows = await self._page(received)
            received += len(rows)
            if received > MOST_ROWS:
                raise SourceUnavailable(f"the list has more than {MOST_ROWS} rows")
            new = [row for row in rows if row[0] not in seen]
            if not new:
                return
            seen.update([id_ for id_, _ in new])
            yield ListPage(tuple(new), asked_at, self._clock.now())
        raise SourceUnavailable(f"the list did not end within {MOST_PAGES} pages")

    async def _page(self, start: int) -> list[Row]:
        if self._works is not None:
            return await self._patiently(self._works, start)
        wrong: list[str] = []
        failed: list[str] = []
        for variant in VARIANTS:
            reply, envelope = await self._tried(variant, start)
            rows = _rows(envelope)
            if rows is not None:
                self._works = variant
                return rows
            # A gateway may answer a way it does not like with any error: the others are tried too.
            (wrong if _is_wrong(reply, envelope) else failed).append(_complaint(reply, envelope))
        if failed:
            raise SourceUnavailable(failed[0])
        raise NoVariant(f"no way to ask for the list works: {'; '.join(dict.fromkeys(wrong))}")

    async def _patiently(self, variant: Variant, start: int) -> list[Row]:
        """One page of the variant that works, asked for again twice before it fails."""
        for _ in range(TRIES - 1):
            try:
                _, envelope = await self._ask(variant, start)
            except SourceUnavailable as error:
                if not _is_passing(error):
                    raise
                continue
            rows = _rows(envelope)
            if rows is not None:
                return rows
        reply, envelope = await self._ask(variant, start)
        rows = _rows(envelope)
        if rows is not None:
            return rows
        if _is_wrong(reply, envelope):
            self._works = None
        raise SourceUnavailable(_complaint(reply, envelope))

    async def _tried(self, variant: Variant, start: int) -> tuple[Reply, Envelope | None]:
        """An answer of any kind, asked for again twice where none came."""
        for _ in range(TRIES - 1):
            try:
                return await self._ask(variant, start)
            except SourceUnavailable as error:
                if not _is_passing(error):
                    raise
        return await self._ask(variant, start)

    async def _ask(self, variant: Variant, start: int) -> tuple[Reply, Envelope | None]:
        params = {"start": str(start), "limit": str(PAGE), "sort": "desc"}
        body = {"start": start, "limit": PAGE, "sort": "desc"}
        return await self._client.read(
            variant.path,
            params if variant.in_query else None,
            json.dumps(body).encode() if variant.in_body else None,
        )


def _is_passing(error: SourceUnavailable) -> bool:
    """Whether asking again is polite: a subclass speaks of more than this page."""
    return type(error) is SourceUnavailable


def _rows(envelope: Envelope | None) -> list[Row] | None:
    return rows_of(envelope.data) if envelope is not None and envelope.ok else None


def _is_wrong(reply: Reply, envelope: Envelope | None) -> bool:
    """Whether an answer says that this is not the way to ask."""
    if envelope is None:
        return reply.status in (400, 404, 405) or reply.status < 300
    return envelope.ok or envelope.code in WRONG_VARIANT or reply.status in (404, 405)


def _complaint(reply: Reply, envelope: Envelope | None) -> str:
    if envelope is None:
        return f"the list was answered with HTTP {reply.status} and no envelope"
    if envelope.ok:
        return "the list's data is not a list of rows"
    return f"the list was refused: {said(envelope)}"
