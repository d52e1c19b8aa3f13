"""What outlives a removal: whoever is watched again, here or at another center, brings it along.

A config that drops an instance and names it again must bring no call forward, and forget no hold.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from .attempt import Attempt
from .change import StoredInstance
from .model import InstanceId
from .outcome import Verdict
from .policy import Member
from .state import Care, Episode, InstanceState


def left(stored: StoredInstance, now: datetime) -> tuple[StoredInstance, Attempt | None]:
    """Return what is kept of an instance that is no longer watched, and the row this ends.

    The episode ends; an attempt that awaits its verdict stays unjudged. What such an attempt asks
    of the next one outlives this: it may have acted. A call on the wire will be settled.
    """
    care = stored.facts.care
    watch, unjudged = care.watch, None
    if watch is not None and watch.attempt.awaits_verdict:
        unjudged = replace(watch.attempt, verdict=Verdict.UNJUDGED, judged_at=now)
    in_flight = None
    if watch is not None and watch.attempt.outcome is None:
        # Its place belongs to the ramp of the center that it leaves.
        in_flight = replace(watch, place=False)
    kept = Care(hold=care.hold, marks=care.marks, watch=in_flight, episode=_caution(care))
    return replace(stored, facts=replace(stored.facts, care=kept)), unjudged


def found_again(member: Member, dormant: Mapping[InstanceId, StoredInstance]) -> InstanceState:
    """Return a newcomer's state, with what is remembered of it; it must be seen first."""
    state = InstanceState(member.id, member.center)
    known = dormant.get(member.id)
    if known is None:
        return state
    return replace(state, facts=replace(known.facts, status=None, since=None, reason=None))


def _caution(care: Care) -> Episode | None:
    """An episode that keeps only what the next call must wait for.

    The last call's cooldown, as if it were the first, and the reads and the time that an unclear
    call asks for.
    """
    episode = care.episode
    if episode is None:
        return None
    bare = Episode(
        episode.began_at,
        episode.number,
        attempts=min(1, episode.attempts + episode.not_sent),
        waits_from=episode.waits_from,
        waits_seq=episode.waits_seq,
        last_call_at=episode.last_call_at,
    )
    if care.watch is not None and care.watch.attempt.awaits_verdict:
        since = care.watch.attempt.settled_at
        return replace(bare, cautious_from=since, watches=True, reads=care.watch.reads)
    return replace(
        bare,
        cautious_from=episode.cautious_from,
        watches=episode.watches,
        reads=episode.reads,
    )
