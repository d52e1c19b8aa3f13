"""What a refusal as invalid speaks of: one instance, the account, or the platform.

One answer alone is believed to be about its instance. Several distinct instances within ten
minutes are not: denied by permission they speak of the account, called invalid of the platform.
"""

from dataclasses import replace

from . import block, centerbreaker
from .center import Seen
from .draft import Draft
from .model import InstanceId
from .outcome import RefusalClass, Refused
from .policy import MINUTE
from .state import Episode, InstanceState, Rejection

INVALID_INSTANCES = 3
"""That many instances called invalid within `INVALID_WITHIN` speak of the platform."""
INVALID_WITHIN = 10 * MINUTE


def by_evidence(draft: Draft, state: InstanceState, refused: Refused) -> Refused:
    """Return the refusal with the class that all answers of the last minutes speak for."""
    if refused.kind is not RefusalClass.INVALID:
        return refused
    if refused.code in block.PERMISSION_CODES:
        if block.denied(draft, state.center, state.id):
            return replace(refused, kind=RefusalClass.ACCOUNT)
        return refused
    center = draft.center(state.center)
    recent = tuple(
        one
        for one in center.invalids
        if one.at > draft.now - INVALID_WITHIN and one.instance != state.id
    )
    invalids = (*recent, Seen(draft.now, state.id))
    draft.put_center(replace(center, invalids=invalids))
    if len(invalids) < INVALID_INSTANCES:
        return refused
    for one in recent:
        _platform_after_all(draft, one.instance)
    return replace(refused, kind=RefusalClass.PLATFORM)


def reject(draft: Draft, state: InstanceState, episode: Episode, code: str) -> None:
    """Leave one instance alone: the platform calls our request for it invalid."""
    before = episode.rejection
    tries = before.tries + 1 if before is not None else 1
    rejection = Rejection(draft.now, tries, code)
    draft.care(state, episode=replace(episode, rejection=rejection))


def _platform_after_all(draft: Draft, id_: InstanceId) -> None:
    """An earlier rejection was the platform's fault: it ends, and counts as a platform error.

    So the instance cools down and is read again before its next call, like any other refused by
    the platform; three errors at once would else become five within the same second.
    """
    if id_ not in draft.fleet.roster.members:
        return
    state = draft.state(id_)
    episode = state.facts.care.episode
    if episode is None or episode.rejection is None:
        return
    state = draft.care(
        state,
        episode=replace(
            episode,
            rejection=None,
            attempts=episode.attempts + 1,
            not_sent=0,
            waits_from=episode.rejection.since,
            waits_seq=state.facts.ledger.seq,
            cautious_from=episode.rejection.since,
            watches=False,
            reads=0,
        ),
    )
    centerbreaker.error(draft, state)
