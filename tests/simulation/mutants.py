"""Faults put into the code on purpose, one and more for each invariant, each with a story.

A check that never fails proves nothing: the story holds with the code as it is, and breaks the
named invariant with the fault in it.
"""

from dataclasses import dataclass, field

from .story import Happening, Story

Edit = tuple[str, str, str]
"""A file of the package, a text that stands in it once, and what it is replaced with."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault.

    Args:
        invariant: which one must be broken.
        what: the fault in words.
    """

    invariant: str
    what: str
    edits: tuple[Edit, ...]
    story: Story = field(default_factory=lambda: Story(1, 1, 1.0))

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"


def at(seconds: float, what: str, **args: object) -> Happening:
    """Something that happens."""
    return Happening(seconds, what, args)


def fails(seconds: float, *ns: int) -> Happening:
    """Instances fail."""
    return at(seconds, "become", ns=ns, status="Failed")


def _story(*happenings: Happening, count: int = 1, hours: float = 1.0, **given: object) -> Story:
    policies = given.pop("policies", ("hasty",))
    assert isinstance(policies, tuple)
    limits, pace = str(given.pop("limits", "open")), str(given.pop("pace", "default"))
    return Story(1, count, hours, policies, limits, pace, happenings)


_BREAKS = at(50, "habit", ns=[0], breaks=-1)
"""Every start is accepted, deploys, and fails."""
_REFUSES = at(50, "habit", ns=[0], refuses=5)
"""Five starts are refused with 716868."""
_LOST = at(90, "fault", lasts=3000, endpoint="restart", reset="before", times=1)
"""One call is lost on its way."""

MUTANTS = (
    Mutant(
        "i",
        "an old observation carries a call",
        (
            ("core/allot.py", "FRESH_FOR = 1\n", "FRESH_FOR = 1000\n"),
            ("core/recheck.py", "OLDEST = 2\n", "OLDEST = 1000\n"),
            ("core/fleet.py", "BLIND_AFTER = 3\n", "BLIND_AFTER = 1000\n"),
        ),
        # Refused at once, then nothing can be read; the wait ends long after the last read.
        _story(
            _REFUSES,
            fails(100, 0),
            at(155, "fault", lasts=3000, endpoint="list", http=503),
            at(155, "fault", lasts=3000, endpoint="detail", http=503),
            policies=("default",),
        ),
    ),
    Mutant(
        "i",
        "a completed instance is restarted, though `restart_on` does not name it",
        (
            (
                "core/observe.py",
                "restartable = status in policy.restart_on",
                "restartable = status in DOWN",
            ),
            (
                "core/seen.py",
                "if view.status in view.policy.restart_on or",
                "if view.status in DOWN or",
            ),
            (
                "core/recheck.py",
                "else view.policy.restart_on)",
                "else DOWN)",
            ),
        ),
        _story(at(100, "become", ns=[0], status="Completed"), fails(2500, 0)),
    ),
    Mutant(
        "ii",
        "an attempt that is not judged holds nothing",
        (
            ("core/seen.py", "if watch is None or watch.attempt.closed or", "if True or"),
            (
                "adapters/stores/migrations/001_first.sql",
                "CREATE UNIQUE INDEX one",
                "CREATE INDEX one",
            ),
        ),
        _story(at(50, "manners", lag=400.0), fails(100, 0)),
    ),
    Mutant(
        "iii",
        "no wait after an attempt",
        (("core/may.py", "if until is not None and view.now < until:", "if False:"),),
        _story(_REFUSES, fails(100, 0), policies=("default",)),
    ),
    Mutant(
        "iii",
        "waits do not grow",
        (("core/may.py", "n = episode.attempts + episode.not_sent", "n = 1"),),
        _story(at(50, "habit", ns=[0], dies_after=60.0), fails(100, 0), policies=("default",)),
    ),
    Mutant(
        "iii",
        "an open breaker stops nobody",
        (
            ("core/may.py", "if view.episode.breaker is not BreakerState.OPEN:", "if True:"),
            ("core/recheck.py", "opened = episode is not None and", "opened = False and"),
        ),
        _story(_BREAKS, fails(100, 0)),
    ),
    Mutant(
        "iv",
        "calls leave before their row is saved",
        (
            (
                "engine/turn.py",
                "        saved = await self._saver.save(tenure, change)\n",
                "        self.act.start(change.wanted, self.wiring.restarters)\n"
                "        await asyncio.sleep(0)\n"
                "        saved = await self._saver.save(tenure, change)\n",
            ),
            ("engine/turn.py", "        self.act.start(granted, self.wiring.restarters)\n", ""),
            (
                "engine/turn.py",
                "from dataclasses import",
                "import asyncio\nfrom dataclasses import",
            ),
        ),
        _story(fails(100, 0)),
    ),
    Mutant(
        "v",
        "an unknown outcome is judged by the first read",
        (
            (
                "core/verify.py",
                "    return not (over and watch.reads >=",
                "    return False and (over >=",
            ),
        ),
        _story(_LOST, fails(100, 0)),
    ),
    Mutant(
        "v",
        "a start takes back what the daemon before it had sent",
        (
            ("core/resume.py", 'lost = Unanswered("', 'lost = Withdrawn("'),
            ("core/resume.py", "import Unanswered\n", "import Withdrawn\n"),
        ),
        _story(
            at(50, "fault", lasts=3000, endpoint="restart", hang="before", times=1),
            fails(100, 0),
            at(140, "kill", halts=1),
        ),
    ),
    Mutant(
        "vi",
        "the budget is never spent",
        (("core/may.py", "if len(spent) < budget.restarts:", "if True:"),),
        _story(at(50, "habit", ns=[0], dies_after=200.0), fails(100, 0), policies=("thrifty",)),
    ),
    Mutant(
        "vi",
        "the hourly rate is not looked at",
        (("core/gates.py", "if made < limit:", "if True:"),),
        _story(*(fails(100 + 300 * n, n) for n in range(6)), count=6, limits="narrow"),
    ),
    Mutant(
        "vi",
        "places in flight are not counted",
        (("core/gates.py", "if len(busy) < limit:", "if True:"),),
        _story(at(50, "manners", lag=100.0), fails(100, 0, 1, 2), count=12, limits="narrow"),
    ),
    Mutant(
        "vii",
        "a hold holds nothing",
        (
            (
                "core/may.py",
                "if view.hold is None:\n        return None",
                "if True:\n        return None",
            ),
            (
                "core/recheck.py",
                'return "held" if asked or view.hold is not None else None',
                "return None",
            ),
        ),
        _story(at(50, "hold", kind="instance", name=0, length=3000), fails(100, 0)),
    ),
    Mutant(
        "vii",
        "a block stops nobody",
        (
            (
                "core/may.py",
                "return None if block is None or block.may_try else blocked(view)",
                "return None",
            ),
            ("core/gates.py", "    if block.may_try and not trying:", "    if True:"),
            ("core/recheck.py", "if block is not None and not", "if False and not"),
            (
                "core/allot.py",
                "canary = center.block is not None or (\n        gated",
                "canary = (\n        gated",
            ),
        ),
        _story(
            at(50, "fault", lasts=900, endpoint="restart", code="10007"), fails(100, 0, 1), count=2
        ),
    ),
    Mutant(
        "vii",
        "who is only watched is restarted",
        (
            ("core/seen.py", "if view.mode is Mode.WATCH", "if False"),
            ("core/recheck.py", "if view.mode is not Mode.ACTIVE:", "if False:"),
        ),
        _story(fails(100, 0), policies=("watch",)),
    ),
    Mutant(
        "viii",
        "a failed poll counts as a read of everybody",
        (
            (
                "core/observe.py",
                "    source = draft.source(failed.key)\n    if failed.throttled:",
                "    source = draft.source(failed.key)\n"
                "    for id_ in tuple(draft.index(failed.key.center).unrest):\n"
                "        state = draft.state(id_)\n"
                "        if state.facts.care.watch is not None:\n"
                "            watch = state.facts.care.watch\n"
                "            draft.care(state, watch=replace(watch, reads=watch.reads + 1))\n"
                "    if failed.throttled:",
            ),
        ),
        _story(
            at(50, "manners", lag=400.0),
            fails(100, 0),
            at(600, "fault", lasts=400, endpoint="list", http=503),
        ),
    ),
    Mutant(
        "ix",
        "an open breaker never half-opens",
        (("core/conclude.py", "if until is not None and draft.now >= until:", "if False:"),),
        _story(at(50, "habit", ns=[0], breaks=3), fails(100, 0)),
    ),
    Mutant(
        "ix",
        "a storm's ramp never grows",
        (
            ("core/ramp.py", "    if due is None or draft.now < due:", "    if True:"),
            ("core/ramp.py", "places=ramp.places + MORE", "places=ramp.places"),
            (
                "core/ramp.py",
                "places=center.ramp.places + 1)\n        draft",
                "places=center.ramp.places)\n        draft",
            ),
        ),
        _story(fails(100, *range(8)), count=8, limits="nervous", hours=0.1),
    ),
    Mutant(
        "x",
        "chance decides how long a wait is",
        (
            (
                "core/backoff.py",
                '    return int.from_bytes(digest, "big") / 2**64',
                "    return random()",
            ),
            (
                "core/backoff.py",
                "from hashlib import blake2b",
                "from hashlib import blake2b\nfrom random import random",
            ),
        ),
        _story(_BREAKS, fails(100, 0), policies=("default",)),
    ),
    Mutant(
        "x",
        "the ladder does not show the cooldown",
        (
            (
                "core/assess.py",
                "        decision = rung(view)\n        if decision is not None:",
                "        decision = rung(view)\n"
                "        skipped = not view.draft.instances and rung is cooling_down\n"
                "        if decision is not None and not skipped:",
            ),
        ),
        _story(at(50, "habit", ns=[0], dies_after=60.0), fails(100, 0), policies=("default",)),
    ),
    Mutant(
        "xi",
        "a poll begun before the reply gives a verdict",
        (("core/judge.py", "asked_at <= attempt.settled_at:", "asked_at <= attempt.saved_at:"),),
        # Polls are slow, and a call is slower.
        _story(
            at(50, "network", slowness=8.0),
            at(60, "fault", lasts=3000, endpoint="restart", late=30.0),
            fails(100, 0),
            pace="quick",
        ),
    ),
    Mutant(
        "xii",
        "a place in flight is kept until a verdict",
        (
            (
                "core/conclude.py",
                "state = draft.care(state, watch=replace(care.watch, slot=False))",
                "pass",
            ),
        ),
        # Accepted without acting, then nothing can be read: no verdict comes in time.
        _story(
            at(90, "fault", lasts=3000, endpoint="restart", code="0", times=1),
            fails(100, 0),
            at(130, "fault", lasts=900, endpoint="list", http=503),
            at(130, "fault", lasts=900, endpoint="detail", http=503),
        ),
    ),
)
