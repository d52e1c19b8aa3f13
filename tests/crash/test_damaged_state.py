"""A state damaged at random places is refused, or goes on with every attempt that was saved.

Two things cannot be told and are allowed for, each within bounds: a log that was cut short looks
like one whose end was never written, so it goes back to an earlier commit, whole; and a value that
turned into another good one inside a row stays as it is (SQLite has no checksums of pages).
"""

import signal
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from crash.damage import Attempts, Started, Story, damage, keys, start, write_files
from crash.story import said_wrong
from crash_support import Passed, nursery, world

REFUSED, WHOLE, EARLIER, ALTERED = "refused", "whole", "earlier", "altered"


def judged(got: Started, story: Story) -> str:
    """What became of a damaged state; any other error than a refusal has no name here."""
    if got.refusal is not None:
        assert got.refusal == "Unreadable", got.message
        assert "state.db" in got.message
        return REFUSED
    if got.attempts == story.steps[-1]:
        return WHOLE
    if got.attempts in story.steps:
        return EARLIER
    assert keys(got.attempts) == keys(story.steps[-1]), "attempts were lost"
    return ALTERED


def last_transaction(story: Story) -> int:
    """Where the log's last transaction begins, at the least: three commits before its end."""
    return len(story.files["-wal"]) - 3 * 12 * (4096 + 24)


async def becomes(folder: Path, story: Story, seeds: range) -> Counter[str]:
    """Damage the state by each seed, start on it, and count."""
    found: Counter[str] = Counter()
    for seed in seeds:
        random = Random(seed)
        what, files = damage(random, story.files if seed % 2 else story.clean)
        write_files(folder / "state.db", files)
        end = judged(await start(folder / "state.db"), story)
        if end == EARLIER:
            # Only the end of a log may be taken for one that was never written.
            cut, at = what.startswith("cut"), int(what.split()[2])
            assert what.endswith("-wal"), f"seed {seed}: {what}"
            assert cut or at > last_transaction(story), f"seed {seed}: {what}"
        found[end] += 1
    return found


async def test_a_damaged_state_is_refused_or_goes_on_with_all_that_was_saved(
    place: Path, story: Story
) -> None:
    found = await becomes(place, story, range(30))
    assert found[REFUSED] > 8
    assert found[WHOLE] > 5


@pytest.mark.prove
@pytest.mark.timeout(600)
async def test_no_damage_in_a_thousand_loses_an_attempt_unseen(place: Path, story: Story) -> None:
    found = await becomes(place, story, range(1200))
    # A turned letter in a row goes unseen about once in a hundred damages.
    assert found[ALTERED] < 0.03 * found.total(), found


async def test_a_log_that_lost_its_end_goes_back_to_the_last_whole_commit(
    place: Path, story: Story
) -> None:
    seen: list[Attempts] = []
    log = story.files["-wal"]
    for lost in (1, 2000, 30_000, 60_000):
        write_files(place / "state.db", {**story.files, "-wal": log[:-lost]})
        got = await start(place / "state.db")
        assert got.refusal is None, got.message
        assert got.attempts in story.steps
        seen.append(got.attempts)
    assert [story.steps.index(one) for one in seen] == sorted(
        (story.steps.index(one) for one in seen), reverse=True
    )


@pytest.mark.parametrize("at", [0, 17, 25, 40, 5000])
async def test_a_log_damaged_before_its_end_is_refused(place: Path, story: Story, at: int) -> None:
    """SQLite alone would drop all that follows, and start with it forgotten."""
    log = bytearray(story.files["-wal"])
    log[at] ^= 0xFF
    write_files(place / "state.db", {**story.files, "-wal": bytes(log)})
    got = await start(place / "state.db")
    assert got.refusal == "Unreadable"
    assert "state.db-wal is damaged" in got.message
    # Nothing was touched: who restores one of the two finds the other as it was.
    assert (place / "state.db-wal").read_bytes() == bytes(log)


@pytest.mark.e2e
@pytest.mark.prove
@pytest.mark.timeout(300)
async def test_the_real_daemon_ends_with_74_and_one_sentence_or_watches_on(
    tmp_path: Path, place: Path, story: Story
) -> None:
    codes: Counter[int] = Counter()
    async with (
        world(tmp_path, Passed(), 1, place / "state.db") as scene,
        nursery(tmp_path) as ward,
    ):
        for seed in range(40):
            _, files = damage(Random(seed), story.files if seed % 2 else story.clean)
            write_files(scene.state, files)
            life = await ward.bear(scene.config)
            code = await ward.bury(life, 1.5)
            assert said_wrong(life) == [], f"seed {seed}"
            assert code in (74, -signal.SIGKILL), f"seed {seed}: {code}"
            if code == 74:
                (failed,) = life.told("daemon.failed")
                assert str(scene.state) in str(failed["message"])
            codes[code] += 1
        assert scene.relay.calls == []
    assert min(codes[74], codes[-signal.SIGKILL]) > 5, codes
