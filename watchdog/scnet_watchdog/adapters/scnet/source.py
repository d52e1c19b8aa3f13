"""The platform itself as a status source: the list, and details where the list does not do."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from ...core.model import InstanceId, Page, SourceKey, Status, Swept
from ...ports import Clock, SourceRefused, SourceThrottled, SourceUnavailable
from ..plugin import SourceContext, at_once
from .client import ScnetClient, detail_path, said
from .envelope import is_about, is_gone, label_of, shown_by, status_of
from .listing import Listing, NoVariant

MOST_DETAILS = 20
"""Absent ids asked by detail in one poll; the others have no observation this time."""
MISSING_AGAIN = timedelta(minutes=10)
"""A missing id is asked by detail so often; meanwhile each complete list renews it."""
FAILED_IN_A_ROW = 10
"""After so many details without an answer the rest of them is not asked in this poll."""
LIST_AGAIN = timedelta(hours=1)
"""After no list worked, details are asked, and the list is tried again so often."""

Report = Callable[[Page], None]


class ScnetOptions(BaseModel):
    """Options of `type: scnet`."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    list: Literal["auto", "always", "never"] = "auto"
    """auto: the list, details where it does not work; never: one detail call per instance."""


class _Round:
    """Details of one poll, shared by a few workers."""

    def __init__(self, instances: Collection[InstanceId]) -> None:
        self.left = iter(tuple(instances))
        self.answered: set[InstanceId] = set()
        self.failed = 0
        self.error: SourceUnavailable | None = None
        self.over: SourceThrottled | SourceRefused | None = None


class ScnetSource:
    """Fulfils `ports.StatusSource` for one center."""

    Options: ClassVar[type[BaseModel]] = ScnetOptions

    def __init__(
        self,
        key: SourceKey,
        client: ScnetClient,
        clock: Clock,
        options: ScnetOptions,
        caught_up: Callable[[], Awaitable[None]] = at_once,
    ) -> None:
        self._key = key
        self._client = client
        self._clock = clock
        self._mode = options.list
        self._caught_up = caught_up
        self._listing = Listing(client, clock)
        self._no_list_until: datetime | None = None
        self._missing: dict[InstanceId, datetime] = {}
        self._found_by_detail: set[InstanceId] = set()
        self._asked: dict[InstanceId, datetime] = {}

    @classmethod
    def build(cls, options: Mapping[str, Any], context: SourceContext) -> "ScnetSource":
        """Build the source of one center on the center's client."""
        known = ScnetOptions.model_validate(options)
        return cls(context.key, context.center, context.clock, known, context.caught_up)

    async def poll(self, watched: Collection[InstanceId], report: Report) -> Swept:
        """Ask once for all watched instances."""
        began = self._clock.now()
        if self._uses_list(began):
            try:
                absent = await self._by_list(frozenset(watched), began, report)
                return Swept(self._key, began, self._clock.now(), absent)
            except NoVariant:
                if self._mode == "always":
                    raise
                self._no_list_until = self._clock.now() + LIST_AGAIN
        absent = await self._details(watched, report)
        return Swept(self._key, began, self._clock.now(), absent)

    async def look(self, instances: Collection[InstanceId]) -> Page:
        """Ask for a few by detail, now."""
        pages: list[Page] = []
        await self._details(instances, pages.append)
        if not pages:
            return Page(self._key, self._clock.now(), self._clock.now(), {})
        return Page(
            self._key,
            min(page.asked_at for page in pages),
            max(page.seen_at for page in pages),
            {id_: status for page in pages for id_, status in page.rows.items()},
            {id_: label for page in pages for id_, label in page.labels.items()},
            tuple(text for page in pages for text in page.unrecognised),
        )

    def _uses_list(self, now: datetime) -> bool:
        if self._mode == "never":
            return False
        return self._mode == "always" or self._no_list_until is None or now >= self._no_list_until

    async def _by_list(
        self, watched: frozenset[InstanceId], began: datetime, report: Report
    ) -> frozenset[InstanceId]:
        seen: set[InstanceId] = set()
        async for page in self._listing.pages(seen):
            shown = shown_by(page.rows)
            report(
                Page(
                    self._key,
                    page.asked_at,
                    page.seen_at,
                    shown.statuses,
                    shown.labels,
                    shown.unrecognised,
                )
            )
            # Whoever failed on this page is called before the next one is read.
            await self._caught_up()
        self._no_list_until = None
        absent = watched - seen
        self._missing = {id_: at for id_, at in self._missing.items() if id_ in absent}
        self._found_by_detail &= absent
        return await self._absentees(absent, began, report)

    async def _absentees(
        self, absent: frozenset[InstanceId], began: datetime, report: Report
    ) -> frozenset[InstanceId]:
        """Who is not in a complete list is asked by detail before it is called missing."""
        now = self._clock.now()
        renewed = {id_ for id_ in absent if id_ in self._missing and now < self._missing[id_]}
        if renewed:
            report(Page(self._key, began, now, dict.fromkeys(renewed, Status.MISSING)))
        asked = self._next_asked(absent, renewed)
        try:
            silent = await self._details(asked, report)
        except SourceThrottled:
            raise
        except SourceUnavailable:
            # The list was whole: an id that nobody can ask for fails no poll of the others.
            silent = frozenset(asked)
        self._found_by_detail |= set(asked) - silent - self._missing.keys()
        if len(self._found_by_detail) > MOST_DETAILS and self._mode == "auto":
            # The list leaves out who exists: it does not work for this center.
            self._no_list_until = self._clock.now() + LIST_AGAIN
            self._found_by_detail.clear()
        return absent - renewed - (set(asked) - silent)

    def _next_asked(
        self, absent: frozenset[InstanceId], renewed: set[InstanceId]
    ) -> list[InstanceId]:
        """A few absent ids, those first that waited longest: everyone has a turn."""
        before = {id_: at for id_, at in self._asked.items() if id_ in absent}
        now = self._clock.now()
        turns = sorted(absent - renewed, key=lambda id_: (id_ in before, before.get(id_, now), id_))
        asked = turns[:MOST_DETAILS]
        self._asked = {**before, **dict.fromkeys(asked, now)}
        return asked

    async def _details(
        self, instances: Collection[InstanceId], report: Report
    ) -> frozenset[InstanceId]:
        """Ask each by detail, a few at a time; return those without an answer of their own.

        Raises:
            SourceRefused, SourceThrottled: by any one of them; the rest was not asked.
            SourceUnavailable: not one could be asked.
        """
        round_ = _Round(instances)
        await asyncio.gather(
            *(self._work(round_, report) for _ in range(max(1, self._client.polls.size)))
        )
        if round_.over is not None:
            raise round_.over
        if round_.error is not None and not round_.answered:
            raise round_.error
        return frozenset(instances) - round_.answered

    async def _work(self, round_: "_Round", report: Report) -> None:
        for id_ in round_.left:
            try:
                page = await self._detail(id_)
            except (SourceThrottled, SourceRefused) as error:
                round_.over = round_.over or error
            except SourceUnavailable as error:
                round_.error, round_.failed = error, round_.failed + 1
            else:
                round_.failed = 0
                if page is not None:
                    round_.answered.add(id_)
                    report(page)
            if round_.over is not None or round_.failed >= FAILED_IN_A_ROW:
                return

    async def _detail(self, id_: InstanceId) -> Page | None:
        """One instance's page, or None where the answer is no observation."""
        asked_at = self._clock.now()
        reply, envelope = await self._client.read(detail_path(id_))
        seen_at = self._clock.now()
        if envelope is None:
            raise SourceUnavailable(f"detail: HTTP {reply.status} without an envelope")
        if is_gone(envelope):
            self._missing[id_] = seen_at + MISSING_AGAIN
            return Page(self._key, asked_at, seen_at, {id_: Status.MISSING})
        if not envelope.ok:
            raise SourceUnavailable(f"detail: {said(envelope)}")
        if not isinstance(envelope.data, Mapping) or "status" not in envelope.data:
            return None
        if not is_about(envelope.data, id_):
            return None
        self._missing.pop(id_, None)
        status, text = status_of(envelope.data)
        label = label_of(envelope.data)
        return Page(
            self._key,
            asked_at,
            seen_at,
            {id_: status},
            {id_: label} if label is not None else {},
            (text,) if text is not None else (),
        )
