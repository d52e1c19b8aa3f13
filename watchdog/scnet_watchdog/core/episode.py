"""Where an episode begins and ends: from the first confirmed restartable read until stable."""

from dataclasses import replace
from datetime import datetime

from .draft import Draft
from .event import EventKind
from .model import Status
from .state import BreakerState, Care, Episode, InstanceState


def open_episode(draft: Draft, state: InstanceState, began_at: datetime) -> InstanceState:
    """Begin an episode unless one is open."""
    if state.facts.care.episode is not None:
        return state
    ledger = replace(state.facts.ledger, episodes=state.facts.ledger.episodes + 1)
    care = replace(state.facts.care, episode=Episode(began_at, ledger.episodes))
    return draft.put(replace(state, facts=replace(state.facts, ledger=ledger, care=care)))


def end_episode(draft: Draft, state: InstanceState) -> InstanceState:
    """Forget failures, attempt number, cooldown and openings; never budget, rate or hold."""
    care = state.facts.care
    episode = care.episode
    if episode is not None and episode.breaker is not BreakerState.CLOSED:
        draft.tell(EventKind.BREAKER_CLOSED, state.id, scope="instance")
    # Whoever is down still was counted to a storm; only running makes it new.
    turned = care.turned and state.facts.status is not Status.RUNNING
    kept = Care(
        hold=care.hold, marks=care.marks, order=care.order, shadow=care.shadow, turned=turned
    )
    if care.watch is not None and not care.watch.attempt.closed:
        kept = replace(kept, watch=care.watch)
    return draft.put(replace(state, facts=replace(state.facts, care=kept)))
