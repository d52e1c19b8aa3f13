"""Whatever is stored comes back as it was: every field of every value a store keeps."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from scnet_watchdog.adapters.stores import codec
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.center import CenterState
from scnet_watchdog.core.command import Command, Hold, PlaceHold, Release, Reset, RestartNow
from scnet_watchdog.core.event import Event
from scnet_watchdog.core.state import FRESH, REST, Facts, Ledger
from strategies import any_of, examples


@examples(60)
@given(any_of(Facts))
def test_any_facts_come_back_as_they_were(facts: Facts) -> None:
    assert codec.read_facts(codec.facts_text(facts)) == facts


@examples(30)
@given(any_of(CenterState))
def test_any_center_comes_back_as_it_was(center: CenterState) -> None:
    assert codec.read_center(codec.center_text(center)) == center


@examples(30)
@given(any_of(Hold))
def test_any_hold_comes_back_as_it_was(hold: Hold) -> None:
    assert codec.read_hold(codec.hold_text(hold)) == hold


@examples(30)
@given(any_of(Attempt))
def test_any_attempt_comes_back_as_it_was(attempt: Attempt) -> None:
    assert codec.read_attempt(codec.attempt_row(attempt)) == attempt


@examples(30)
@given(
    st.one_of(any_of(PlaceHold), any_of(Release), any_of(RestartNow), any_of(Reset)),
    st.integers(0, 2**60),
)
def test_any_command_comes_back_as_it_was_with_its_row(command: Command, row: int) -> None:
    back = codec.read_command(*codec.command_text(command), row)
    assert back == replace(command, row=row)


@examples(30)
@given(any_of(Event))
def test_any_event_can_be_journalled_and_what_was_read_writes_the_same_line(event: Event) -> None:
    text = codec.event_text(event)
    back = codec.read_event(text)
    assert codec.event_text(back) == text
    assert (back.kind, back.at, back.instance) == (event.kind, event.at, event.instance)


@examples(30)
@given(any_of(Facts))
def test_what_needs_no_care_comes_back_as_the_very_same_objects(facts: Facts) -> None:
    plain = replace(facts, care=REST, ledger=Ledger())
    back = codec.read_facts(codec.facts_text(plain))
    # Identity makes an unchanged instance at rest cost one look-up.
    assert back.care is REST
    assert back.ledger is FRESH


ODD_TEXT = st.sampled_from(["\ud800", "a\udcffb", "\0", "\x1b[31m", "名字"])


@examples(60)
@given(any_of(Facts), any_of(Hold), ODD_TEXT)
def test_text_of_others_never_keeps_a_state_from_being_saved(
    facts: Facts, hold: Hold, odd: str
) -> None:
    # Half a surrogate pair cannot be kept: it becomes a question mark, and nothing else changes.
    kept = odd.encode("utf-8", "replace").decode()
    back = codec.read_facts(codec.facts_text(replace(facts, label=odd)))
    assert back == replace(facts, label=kept)
    read = codec.read_hold(codec.hold_text(replace(hold, reason=odd)))
    assert read == replace(hold, reason=kept)
