"""Observing, confirming, quiet start, blindness and absence, sentence by sentence."""

from datetime import timedelta

from builders import HOUR, KEY, MINUTE, SECOND, T0, World, member, roster
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.event import EventKind, Level
from scnet_watchdog.core.inputs import ClockStepped
from scnet_watchdog.core.model import InstanceId, Page, PollFailed, SourceKey, Status, Swept
from scnet_watchdog.core.policy import Confirm, Pace, Policy
from scnet_watchdog.core.resume import past
from scnet_watchdog.core.state import REST

A0 = InstanceId("a0")


def failed_poll(world: World, error: str = "no route") -> None:
    world.turn(PollFailed(KEY, world.now, world.now, error))


def test_a_failed_poll_changes_no_counter_of_any_instance() -> None:
    world = World(2)
    world.poll()
    world.show(Status.FAILED, "a0")
    world.poll(asked_at=T0 + 10 * SECOND)
    before = world.fleet.instances
    states = dict(before)
    failed_poll(world)
    assert world.fleet.instances == states


def test_a_lasting_failure_is_told_when_it_begins_and_when_it_ends() -> None:
    world = World(1)
    world.poll()
    for _ in range(3):
        world.now += 30 * SECOND
        failed_poll(world)
    assert len(world.told(EventKind.SOURCE_FAILED)) == 1
    world.now += 30 * SECOND
    world.poll()
    (back,) = world.told(EventKind.SOURCE_RECOVERED)
    # The first failure was at 30 s, the good poll at 120 s.
    assert back.fields["failed_for_s"] == 90.0


def test_an_instance_at_rest_that_is_unchanged_is_not_touched() -> None:
    world = World(3)
    world.poll()
    world.now += 30 * SECOND
    decided = world.turn(
        Page(KEY, world.now, world.now, dict.fromkeys(world.shown, Status.RUNNING))
    )
    assert not decided.instances
    assert decided.change.empty


def test_rows_of_ids_we_do_not_watch_are_nothing_to_us() -> None:
    world = World(1)
    world.poll()
    world.now += SECOND
    strangers = {InstanceId("z9"): Status.FAILED, InstanceId("z8"): Status.RUNNING}
    assert not world.turn(Page(KEY, world.now, world.now, strangers)).instances
    other = SourceKey("flags", KEY.center)
    assert not world.turn(Page(other, world.now, world.now, {A0: Status.FAILED})).instances


def test_two_reads_thirty_seconds_apart_confirm() -> None:
    world = World(1)
    world.run(MINUTE)
    world.show(Status.FAILED)
    world.run(2 * MINUTE)
    (confirmed,) = world.told(EventKind.INSTANCE_CONFIRMED)
    # Polled every 30 s: seen at 90 s. Then every 10 s: 100, 110, 120; 120 is 30 s after 90.
    assert (confirmed.at - T0).total_seconds() == 120
    assert world.called() == [120.0]


def test_one_read_that_is_not_restartable_begins_the_row_anew() -> None:
    world = World(1)
    world.poll()
    for second, status in ((10, "failed"), (20, "failed"), (30, "running"), (40, "failed")):
        world.now = T0 + second * SECOND
        world.show(Status(status))
        world.poll()
    row = world.state().sight.restartable
    assert row is not None
    assert row.count == 1
    assert not world.calls


def test_the_time_between_reads_is_that_between_their_requests() -> None:
    """Two answers that come late together were asked together."""
    world = World(1, policy=Policy(confirm=Confirm(2, 30 * SECOND)))
    world.show(Status.FAILED)
    world.now = T0 + 40 * SECOND
    world.poll(asked_at=T0 + 5 * SECOND)
    world.poll(asked_at=T0 + 34 * SECOND)
    assert world.reason() is Reason.CONFIRMING
    world.poll(asked_at=T0 + 35 * SECOND)
    assert world.called() == [40.0]


def test_late_and_repeated_reads_change_nothing() -> None:
    world = World(1)
    world.poll(asked_at=T0 + 10 * SECOND)
    world.show(Status.FAILED)
    world.now = T0 + 20 * SECOND
    world.poll(asked_at=T0 + 10 * SECOND)
    world.poll(asked_at=T0 + 5 * SECOND)
    assert world.state().facts.status is Status.RUNNING


def test_an_expired_opinion_begins_the_row_anew() -> None:
    world = World(1)
    world.show(Status.FAILED)
    world.poll()
    # Three intervals of 30 s are over: what was seen no longer counts.
    world.now = T0 + 91 * SECOND
    world.poll()
    assert world.reason() is Reason.CONFIRMING
    assert not world.calls
    world.now += 30 * SECOND
    world.poll()
    assert world.called() == [121.0]


def test_nothing_is_restarted_before_the_source_has_answered_for_the_instance() -> None:
    world = World(2, policy=Policy(confirm=Confirm(1, timedelta())))
    assert world.reason("a0") is None
    world.turn(Page(KEY, T0, T0, {A0: Status.RUNNING}))
    decision_of_a1 = world.state("a1")
    assert decision_of_a1.sight.asked_at is None
    assert not world.calls


def test_the_first_look_tells_what_is_down_and_what_will_be_done() -> None:
    world = World(3)
    world.show(Status.FAILED, "a0")
    world.show(Status.COMPLETED, "a1")
    world.poll()
    (look,) = world.told(EventKind.FLEET_FIRST_LOOK)
    assert look.loudness is Level.WARNING
    assert look.fields["counts"] == {"failed": 1, "completed": 1, "running": 1}
    assert look.fields["restarts"] == ["a0"]
    assert look.fields["next_at"] == T0 + 30 * SECOND
    world.now += 30 * SECOND
    world.poll()
    assert len(world.told(EventKind.FLEET_FIRST_LOOK)) == 1


def test_a_first_look_at_a_healthy_fleet_is_no_warning() -> None:
    world = World(2)
    world.poll()
    (look,) = world.told(EventKind.FLEET_FIRST_LOOK)
    assert look.loudness is Level.INFO
    assert not world.told(EventKind.DECISION_CHANGED)


def test_a_source_is_blind_after_three_intervals_and_told_so_once() -> None:
    world = World(2)
    world.show(Status.FAILED, "a0")
    world.poll()
    world.polling = False
    world.run(5 * MINUTE)
    (blind,) = world.told(EventKind.SOURCE_BLIND)
    assert (blind.at - T0).total_seconds() == 90
    assert blind.fields["instances"] == 2
    assert world.reason("a0") is Reason.SOURCE_BLIND
    assert not world.calls


def test_a_source_that_was_only_slow_is_told_to_see_again() -> None:
    world = World(1)
    world.poll()
    world.polling = False
    world.run(3 * MINUTE)
    world.poll()
    (recovered,) = world.told(EventKind.SOURCE_RECOVERED)
    # Since the last sweep that ended well, three minutes before.
    assert recovered.fields["failed_for_s"] == 180
    assert len(world.told(EventKind.SOURCE_BLIND)) == 1


def test_an_interval_is_at_least_as_long_as_the_last_sweep() -> None:
    """A sweep of two minutes makes nobody blind after ninety seconds."""
    world = World(1)
    world.show(Status.FAILED)
    world.turn(Page(KEY, T0, T0, {A0: Status.FAILED}))
    world.now = T0 + 120 * SECOND
    world.turn(Swept(KEY, T0, world.now))
    # Three times two minutes after the read.
    world.polling = False
    world.run(timedelta(seconds=239))
    assert world.reason() is not Reason.SOURCE_BLIND
    world.run(2 * SECOND)
    assert world.reason() is Reason.SOURCE_BLIND


def test_who_a_sweep_leaves_out_is_no_longer_vouched_for_by_sweeps() -> None:
    world = World(2)
    world.poll()
    world.polling = False
    for n in range(1, 5):
        world.now = T0 + n * 30 * SECOND
        world.turn(Page(KEY, world.now, world.now, {InstanceId("a1"): Status.RUNNING}))
        world.turn(Swept(KEY, world.now, world.now, frozenset({A0})))
        world.turn(due=["a0"])
    assert world.reason("a0") is Reason.SOURCE_BLIND
    assert world.reason("a1") is Reason.HEALTHY
    world.turn(Swept(KEY, world.now, world.now, frozenset({InstanceId("not-watched")})))


def test_a_missing_instance_is_told_and_never_restarted() -> None:
    world = World(1)
    world.poll()
    world.show(Status.MISSING)
    world.run(10 * MINUTE)
    assert len(world.told(EventKind.INSTANCE_MISSING)) == 1
    assert world.reason() is Reason.MISSING
    world.show(Status.RUNNING)
    world.run(MINUTE)
    assert len(world.told(EventKind.INSTANCE_RETURNED)) == 1
    assert not world.calls


def test_an_unknown_status_is_left_alone_and_its_text_told_once() -> None:
    world = World(1)
    for n in range(3):
        world.now = T0 + n * 30 * SECOND
        world.turn(
            Page(KEY, world.now, world.now, {A0: Status.UNKNOWN}, unrecognised=("Shutting",) * 2)
        )
    assert [event.fields["text"] for event in world.told(EventKind.STATUS_UNRECOGNISED)] == [
        "Shutting"
    ]
    assert world.reason() is Reason.STATUS_UNKNOWN


def test_only_the_first_hundred_unknown_texts_are_told() -> None:
    world = World(1)
    texts = tuple(f"text {n}" for n in range(150))
    world.turn(Page(KEY, T0, T0, {A0: Status.UNKNOWN}, unrecognised=texts))
    assert len(world.told(EventKind.STATUS_UNRECOGNISED)) == 100


def test_the_platforms_own_name_is_used_where_the_config_gives_none() -> None:
    world = World([member("a0"), member("a1", name="mine")])
    labels = {A0: "Instances_1", InstanceId("a1"): "Instances_2"}
    world.turn(Page(KEY, T0, T0, dict.fromkeys(labels, Status.RUNNING), labels))
    assert world.fleet.name_of(A0) == "Instances_1"
    assert world.fleet.name_of(InstanceId("a1")) == "mine"
    world.now += SECOND
    world.turn(Page(KEY, world.now, world.now, {A0: Status.FAILED}, {A0: "renamed"}))
    assert world.fleet.name_of(A0) == "renamed"


def test_stable_running_puts_an_instance_to_rest() -> None:
    world = World(1)
    world.run(MINUTE)
    world.show(Status.FAILED)
    world.on_call = lambda attempt: world.show(Status.RUNNING)
    world.run(MINUTE)
    assert not world.state().at_rest
    world.run(15 * MINUTE)
    assert len(world.told(EventKind.INSTANCE_STABLE)) == 1
    assert world.state().at_rest
    assert world.state().facts.care is REST
    # What outlives the episode: the attempt counter and the budget.
    assert world.state().facts.ledger.seq == 1
    assert len(world.state().facts.ledger.calls) == 1


def test_gaps_do_not_matter_for_stable_but_another_status_does() -> None:
    world = World(1)
    world.run(MINUTE)
    world.show(Status.FAILED)
    world.on_call = lambda attempt: world.show(Status.RUNNING)
    world.run(90 * SECOND)
    world.polling = False
    world.run(9 * MINUTE)
    world.polling = True
    world.run(MINUTE)
    assert len(world.told(EventKind.INSTANCE_STABLE)) == 1


def test_a_stepped_wall_clock_is_told_and_moves_no_deadline() -> None:
    world = World(1)
    world.poll()
    world.turn(ClockStepped(-3600.0))
    (stepped,) = world.told(EventKind.CLOCK_STEPPED)
    assert stepped.fields["step_s"] == -3600.0
    assert world.state().sight.asked_at is not None


def test_after_a_suspend_the_clock_did_not_count_every_opinion_expires() -> None:
    world = World(2)
    world.poll()
    world.turn(ClockStepped(7200.0, expires=True))
    assert all(state.sight.asked_at is None for state in world.fleet.instances.values())
    world.show(Status.FAILED)
    world.now += SECOND
    world.poll()
    assert world.reason() is Reason.CONFIRMING
    assert not world.calls


def test_stored_moments_that_lie_in_the_future_are_cut_to_now() -> None:
    world = World(1)
    world.run(MINUTE)
    world.show(Status.FAILED)
    world.run(2 * MINUTE)
    facts = world.state().facts
    earlier = T0
    cut = past(facts, earlier)
    assert cut.care.watch is not None
    assert cut.care.watch.attempt.saved_at == earlier
    assert past(cut, T0 + HOUR) == cut


def test_another_source_polls_at_its_own_pace() -> None:
    flags = SourceKey("flags", KEY.center)
    one = member("b0", source="flags")
    world = World([member("a0"), one])
    world.roster = roster([member("a0"), one], pace=Pace(5 * SECOND, 5 * SECOND))
    world.poll(KEY)
    world.poll(flags)
    assert {look.fields["source"] for look in world.told(EventKind.FLEET_FIRST_LOOK)} == {
        "scnet",
        "flags",
    }
