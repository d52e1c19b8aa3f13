"""Properties of core.model, core.observe, core.verify, core.judge, core.attempt and core.firstlook.

Reads count once, in any order; failed ones count nothing; and verdicts come from reads alone.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from builders import CENTER, KEY, MINUTE, SECOND, T0, World, member
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.decide import decide
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind
from scnet_watchdog.core.fleet import Decided
from scnet_watchdog.core.inputs import Input
from scnet_watchdog.core.model import DOWN, InstanceId, Page, PollFailed, SourceKey, Status, Swept
from scnet_watchdog.core.outcome import OutcomeKind, Verdict
from scnet_watchdog.core.policy import Policy
from scnet_watchdog.core.state import Facts, InstanceState, Row, Watch
from scnet_watchdog.core.verify import Reading, read
from strategies import FAILURES, IDS, STATUSES, examples, situation_of, worlds

FLAGS = SourceKey("flags", CENTER)
OTHERS = [InstanceId(f"b{n}") for n in range(3)]
ROWS = st.dictionaries(st.sampled_from(IDS), STATUSES, min_size=1)


def told(decided: Decided) -> dict[InstanceId, tuple[Facts, object]]:
    """What a turn made of instances."""
    return {id_: (one.facts, one.sight) for id_, one in decided.instances.items()}


def without_reason(state: InstanceState) -> InstanceState:
    return replace(state, facts=replace(state.facts, reason=None))


@examples(10)
@given(worlds(), FAILURES)
def test_a_failed_poll_changes_no_counter_of_any_instance(world: World, failed: PollFailed) -> None:
    before = {id_: without_reason(world.state(id_)) for id_ in IDS}
    world.turn(replace(failed, began_at=world.now, ended_at=world.now))
    assert {id_: without_reason(world.state(id_)) for id_ in IDS} == before


@examples(10)
@given(worlds(), ROWS)
def test_the_same_read_taken_twice_counts_once(
    world: World, rows: dict[InstanceId, Status]
) -> None:
    world.now += 5 * SECOND
    page = Page(KEY, world.now, world.now, rows)
    # Sweeps vouch for those at rest.
    world.turn(page, Swept(KEY, world.now, world.now, frozenset(set(IDS) - rows.keys())))
    assert not world.turn(page).instances
    # Nor does an older one, whatever it shows.
    states = {id_: world.state(id_) for id_ in rows}
    older = dict.fromkeys(rows, Status.MISSING)
    world.turn(replace(page, asked_at=world.now - SECOND, rows=older))
    assert {id_: world.state(id_) for id_ in rows} == states


@examples(10)
@given(worlds(), ROWS, st.randoms(use_true_random=False))
def test_the_rows_of_a_page_may_come_in_any_order_and_in_parts(
    world: World, rows: dict[InstanceId, Status], random: Random
) -> None:
    world.now += 5 * SECOND
    situation = situation_of(world)
    whole = decide(world.fleet, [Page(KEY, world.now, world.now, rows)], (), situation)
    parts = [Page(KEY, world.now, world.now, {id_: status}) for id_, status in rows.items()]
    random.shuffle(parts)
    split = decide(world.fleet, parts, (), situation)
    # A place in flight goes to the same instances: who is first does not depend on the order.
    assert told(split) == told(whole)
    assert {one.key for one in split.change.wanted} == {one.key for one in whole.change.wanted}


@examples(30)
@given(
    st.lists(st.tuples(STATUSES, STATUSES), min_size=1, max_size=8),
    st.sampled_from([10, 35, 100]),
)
def test_pages_of_two_sources_may_come_in_either_order(
    shown: list[tuple[Status, Status]], every: int
) -> None:
    members = [member(id_) for id_ in IDS] + [member(id_, source="flags") for id_ in OTHERS]
    worlds_ = (World(members), World(members))
    for ours, theirs in shown:
        for world, backwards in zip(worlds_, (False, True), strict=True):
            world.now += every * SECOND
            pages: list[Input] = [
                Page(KEY, world.now, world.now, dict.fromkeys(IDS, ours)),
                Page(FLAGS, world.now, world.now, dict.fromkeys(OTHERS, theirs)),
            ]
            world.turn(*(reversed(pages) if backwards else pages))
        forwards, backwards_ = worlds_
        assert forwards.fleet.instances == backwards_.fleet.instances
        assert sorted(forwards.calls) == sorted(backwards_.calls)


WATCHES = st.builds(
    lambda outcome, status: Watch(
        Attempt(
            IDS[0],
            1,
            CENTER,
            1,
            1,
            Reason.FAILED,
            status,
            T0,
            T0,
            outcome=outcome,
            settled_at=T0 + SECOND,
        ),
        read_at=T0 + SECOND,
        read_status=status,
    ),
    st.sampled_from([OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN]),
    st.sampled_from(sorted(DOWN)),
)
READS = st.lists(st.tuples(STATUSES, st.timedeltas(SECOND, 40 * MINUTE)), max_size=20)


def readings(
    watch: Watch, reads: Iterable[tuple[Status, timedelta]]
) -> list[tuple[Status, Reading]]:
    """What a series of reads makes of an attempt, until nothing more is expected of it."""
    now, found, down = T0 + SECOND, [], None
    for status, gap in reads:
        now += gap
        if status in DOWN:
            down = Row(down.count + 1, down.first_at, now) if down else Row(1, now, now)
        else:
            down = None
        reading = read(watch, status, now, down, Policy())
        found.append((status, reading))
        if reading.done:
            break
        verdict = reading.verdict or watch.attempt.verdict
        watch = replace(reading.watch, attempt=replace(watch.attempt, verdict=verdict))
    return found


@examples(80)
@given(WATCHES, READS)
def test_each_verdict_has_the_read_that_proves_it(
    watch: Watch, reads: list[tuple[Status, timedelta]]
) -> None:
    found = readings(watch, reads)
    for status, reading in found:
        if reading.verdict is Verdict.RECOVERED:
            assert status in (Status.RUNNING, Status.COMPLETED)
        elif reading.verdict is Verdict.RELAPSED:
            assert status in DOWN
        elif reading.verdict is Verdict.DID_NOT_HELP:
            assert status in DOWN | {Status.DEPLOYING}
        elif reading.verdict is Verdict.STUCK_WAITING:
            assert status is Status.WAITING
        elif reading.verdict is Verdict.UNJUDGED:
            assert status is Status.MISSING
        assert reading.verdict is not None or not reading.start_failure
    # Only what had recovered can relapse.
    verdicts = [reading.verdict for _, reading in found if reading.verdict is not None]
    if Verdict.RELAPSED in verdicts:
        assert Verdict.RECOVERED in verdicts[: verdicts.index(Verdict.RELAPSED)]


@examples(60)
@given(WATCHES, READS)
def test_the_deadline_runs_only_between_reads_and_never_while_waiting(
    watch: Watch, reads: list[tuple[Status, timedelta]]
) -> None:
    found = readings(watch, reads)
    ran = timedelta()
    before = watch.read_status
    for (status, reading), (_, gap) in zip(found, reads, strict=False):
        runs = DOWN | {Status.DEPLOYING}
        ran += gap if status in runs and before in runs else timedelta()
        assert reading.watch.ran_for == ran
        before = status
    assert [reading.watch.reads for _, reading in found] == [*range(1, len(found) + 1)]
    # Once it has left, it has left; and then its place in flight is free.
    left = [reading.watch.left for _, reading in found]
    assert left == sorted(left)
    assert not any(one.watch.left and one.watch.slot for _, one in found)


@examples(10)
@given(worlds())
def test_every_attempt_is_closed_or_watched_and_its_row_says_what_the_watch_says(
    world: World,
) -> None:
    watched = {
        watch.attempt.key: watch.attempt
        for id_ in IDS
        if (watch := world.state(id_).facts.care.watch) is not None
    }
    for key, row in world.rows.items():
        assert row.closed or key in watched
        assert (row.outcome is None) is (row.settled_at is None)
        assert row.verdict is None or row.outcome in (OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN)
        assert row.verdict is None or row.judged_at is not None
    assert all(world.rows[key] == attempt for key, attempt in watched.items())
    # Counted per instance, never reset, none twice.
    for id_ in IDS:
        seqs = sorted(row.seq for row in world.rows.values() if row.instance == id_)
        assert seqs == [*range(1, len(seqs) + 1)]


@examples(40)
@given(ROWS)
def test_the_first_look_counts_everyone_once(rows: dict[InstanceId, Status]) -> None:
    world = World(len(IDS))
    world.now += MINUTE
    absent = frozenset(set(IDS) - rows.keys())
    world.turn(Page(KEY, world.now, world.now, rows), Swept(KEY, world.now, world.now, absent))
    (event,) = world.told(EventKind.FLEET_FIRST_LOOK)
    counts = event.fields["counts"]
    assert isinstance(counts, dict)
    assert sum(counts.values()) == len(IDS) == event.fields["instances"]
    assert counts.get("unseen", 0) == len(absent)
    assert event.fields["down"] == sum(status in DOWN for status in rows.values())
    # The default policy restarts what stopped or failed.
    named = {id_ for id_, status in rows.items() if status in (Status.STOPPED, Status.FAILED)}
    assert set(event.fields["restarts"]) == named  # type: ignore[call-overload]
