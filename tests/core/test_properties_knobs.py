"""Properties of core.knobs.

Whatever the levels of a config say, each setting behind a check has the value in force, and its
origin is the nearest level that says it.
"""

from operator import attrgetter

from hypothesis import given
from hypothesis import strategies as st

from builders import CENTER, SOURCE, T0, member, roster
from scnet_watchdog.core.decision import RESTART_REASONS, Reason
from scnet_watchdog.core.fleet import Fleet
from scnet_watchdog.core.knobs import BUILT_IN, knobs
from scnet_watchdog.core.model import InstanceId
from scnet_watchdog.core.policy import Limits, Origins, Pace, Policy, Roster
from strategies import any_of, examples

A0 = InstanceId("a0")
CHECKS = sorted(set(Reason) - RESTART_REASONS)
OWN = "policy of the instance"
POLICY = (OWN, "policy of group batch", "policy")
LIMITS = (f"limits of center {CENTER}", "limits")
PACE = (f"source {SOURCE}",)
BASE = roster([member("a0", group="batch")])
PATHS = sorted({one.name for check in CHECKS for one in knobs(Fleet(BASE, T0), A0, check, False)})
SAID = st.frozensets(st.sampled_from(PATHS))


@examples(30)
@given(
    st.fixed_dictionaries(dict.fromkeys((*POLICY, *LIMITS, *PACE), SAID)),
    any_of(Policy),
    any_of(Limits),
    any_of(Pace),
)
def test_each_setting_is_the_one_in_force_and_comes_from_the_nearest_level_that_says_it(
    said: dict[str, frozenset[str]], policy: Policy, limits: Limits, pace: Pace
) -> None:
    whole = Roster(
        {A0: member("a0", policy, group="batch")},
        {CENTER: limits},
        {SOURCE: pace},
        Origins({name: keys for name, keys in said.items() if name != OWN}, {A0: said[OWN]}),
    )
    fleet = Fleet(whole, T0)
    for check in CHECKS:
        for one in knobs(fleet, A0, check, shadow=False):
            top = one.name.partition(".")[0]
            owner, levels = next(
                (value, names)
                for value, names in ((policy, POLICY), (limits, LIMITS), (pace, PACE))
                if hasattr(value, top)
            )
            assert one.value == attrgetter(one.name)(owner)
            nearest = [name for name in levels if one.name in said[name]]
            assert one.origin == (nearest[0] if nearest else BUILT_IN)
