"""True answers with a few bytes or nodes changed, over a real socket: nothing is made of them."""

import traceback
from collections.abc import Collection
from dataclasses import dataclass, field

import pytest

from hostile_spoil_support import says_down, says_yes, spoil_bytes, spoil_nodes
from hostile_support import (
    ENDPOINTS,
    FAILED,
    STATUSES,
    Spoil,
    Visitor,
    a_visitor,
    asked_of,
    first_seed,
)
from scnet_support import RESTART
from scnet_watchdog.core.model import DOWN, InstanceId, Page, Status
from scnet_watchdog.core.outcome import Accepted, NotSent, Outcome, Refused, Unanswered
from scnet_watchdog.ports import SourceRefused, SourceUnavailable
from simulator_support import TOKEN

NAMED = (SourceUnavailable, SourceRefused)
SECRETS = (TOKEN, "an-access-key", "a-secret-key")
FEW, MANY = 8, 400
"""Mutants per endpoint and way of spoiling: in the ordinary tests, and in the long proof."""
KEPT_EVERY = 40
"""Among so many mutants one is served on a connection that stays open: it may end by a deadline."""
TRIES = 5
"""Honest answers may be late on a busy machine; a place that is lost stays so."""


@dataclass
class Told:
    """What came of the spoiled answers."""

    pages: list[Page] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    outcome: Outcome | None = None

    @property
    def down(self) -> set[tuple[str, str]]:
        rows = [item for page in self.pages for item in page.rows.items()]
        return {(id_, str(status)) for id_, status in rows if status in DOWN}


async def visit(visitor: Visitor) -> Told:
    """Log in, ask for the gateway, poll, look and call once, on whatever is answered."""
    told = Told()
    source = visitor.source()
    try:
        await source.poll(list(STATUSES), told.pages.append)
    except NAMED as error:
        told.errors.append(error)
    try:
        told.pages.append(await source.look([FAILED]))
    except NAMED as error:
        told.errors.append(error)
    told.outcome = await visitor.restarter().restart(FAILED)
    return told


def check(told: Told, visitor: Visitor) -> None:
    """No statement without bytes that make it; no secret in any text."""
    liar = visitor.liar
    stated = {one for path, raw in liar.served for one in says_down(raw, asked_of(path))}
    assert told.down <= stated
    assert isinstance(told.outcome, (Accepted, NotSent, Refused, Unanswered))
    if isinstance(told.outcome, Accepted):
        assert any(says_yes(raw) for path, raw in liar.served if path == RESTART)
    texts = ["".join(traceback.format_exception(error)) for error in told.errors]
    for text in (*texts, repr(told.outcome), repr(told.pages)):
        # A login that gives a token for a name is told; the log masks what any login gave.
        told_text = visitor.secrets.redact(text) if liar.spoiled == "tokens" else text
        assert not [secret for secret in SECRETS if secret in told_text]


async def throw(endpoint: str, spoil: Spoil, seeds: Collection[int]) -> None:
    """Many mutants at one pair of pools; between and after them a true answer is understood."""
    async with a_visitor() as visitor:
        for number, seed in enumerate(seeds):
            visitor.liar.lies(endpoint, spoil, seed, keeps=number % KEPT_EVERY == KEPT_EVERY - 1)
            try:
                check(await visit(visitor), visitor)
            except BaseException as error:
                error.add_note(f"endpoint {endpoint}, {spoil.__name__}, seed {seed}")
                raise
            if number % 10 == 9 or number == len(seeds) - 1:
                await is_well(visitor)


async def is_well(visitor: Visitor) -> None:
    """The pools have lost nothing: honest answers are read, and a call is accepted."""
    visitor.liar.is_honest()
    for _ in range(TRIES):
        told = await visit(visitor)
        if not told.errors and isinstance(told.outcome, Accepted):
            break
    assert told.errors == []
    seen: dict[InstanceId, Status] = {}
    for page in told.pages:
        seen |= page.rows
    assert list(seen.values()) == [Status.STOPPED, Status.FAILED, Status.RUNNING]
    assert isinstance(told.outcome, Accepted)
    assert visitor.polls.free == visitor.polls.size
    assert visitor.calls.free == visitor.calls.size


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("spoil", [spoil_bytes, spoil_nodes])
async def test_nothing_is_made_of_a_spoiled_answer(endpoint: str, spoil: Spoil) -> None:
    await throw(endpoint, spoil, range(FEW))


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("spoil", [spoil_bytes, spoil_nodes])
async def test_nothing_is_made_of_thousands_of_spoiled_answers(
    endpoint: str, spoil: Spoil, capsys: pytest.CaptureFixture[str]
) -> None:
    first = first_seed()
    with capsys.disabled():
        print(f"\n{endpoint}: {MANY} × {spoil.__name__} from seed {first}", end=" ")  # noqa: T201
    await throw(endpoint, spoil, range(first, first + MANY))
