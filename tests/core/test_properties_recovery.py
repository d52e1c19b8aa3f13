"""Properties of core.recovery, core.outage and core.presence.

Whatever a journal tells, times lie within the window, and the fleet's figures are the sum.
"""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from builders import CENTER, MINUTE, T0
from scnet_watchdog.core.event import Event, EventKind
from scnet_watchdog.core.model import DOWN, InstanceId, Status
from scnet_watchdog.core.outage import Outage, follow
from scnet_watchdog.core.presence import Standing, Window
from scnet_watchdog.core.recovery import recovery

WINDOW = Window(T0, T0 + 600 * MINUTE)
LIVES = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 600), st.sampled_from(list(Status))),
    max_size=20,
)


def journal(life: list[tuple[str, int, Status]]) -> list[Event]:
    """Changes of status of two instances, oldest first."""
    before: dict[str, Status] = {}
    events = []
    for name, minute, status in sorted(life, key=lambda one: one[1]):
        fields = {"previous": before.get(name, Status.RUNNING), "status": status}
        kind = EventKind.INSTANCE_STATUS_CHANGED
        events.append(
            Event(kind, T0 + minute * MINUTE, InstanceId(name), name, CENTER, dict(fields))
        )
        before[name] = status
    return events


@given(LIVES)
def test_no_time_is_counted_twice_and_the_fleet_is_the_sum(
    life: list[tuple[str, int, Status]],
) -> None:
    standings = [Standing(InstanceId(name), name, CENTER) for name in "ab"]
    found = recovery(journal(life), standings, WINDOW)
    parts = [figures for _, figures in found.instances.values()]
    assert len(parts) == 2
    for one in parts:
        assert timedelta() <= one.running
        assert timedelta() <= one.down
        assert one.running + one.down <= WINDOW.length
        assert one.open <= 1
    for name in ("running", "down"):
        whole = sum((getattr(one, name) for one in parts), timedelta())
        assert getattr(found.fleet, name) == whole
    assert found.fleet.outages == sum(one.outages for one in parts)


@given(LIVES)
def test_an_outage_begins_with_a_down_status_and_none_goes_on_while_it_runs(
    life: list[tuple[str, int, Status]],
) -> None:
    outage: Outage | None = None
    for event in (one for one in journal(life) if one.instance == "a"):
        before, outage = outage, follow(outage, event)
        if before is None and outage is not None:
            told = {event.fields["status"], event.fields["previous"]}
            assert told & DOWN
