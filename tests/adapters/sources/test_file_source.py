"""A file as a status source: it has seen what it names, and nothing of whom it does not name."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import ValidationError

from fakes import KEY, T0, FakeClock
from scnet_watchdog.adapters.plugin import SourceContext
from scnet_watchdog.adapters.sources.file import LARGEST, FileSource
from scnet_watchdog.core.model import InstanceId, Page, Status, Swept
from scnet_watchdog.ports import SourceUnavailable

A, B = InstanceId("000123"), InstanceId("b")


@dataclass
class Flags:
    path: Path
    source: FileSource
    clock: FakeClock
    pages: list[Page] = field(default_factory=list)

    def write(self, content: str | bytes) -> None:
        self.path.write_bytes(content.encode() if isinstance(content, str) else content)

    async def poll(self, *watched: InstanceId) -> Swept:
        self.pages.clear()
        return await self.source.poll(watched, self.pages.append)

    @property
    def seen(self) -> dict[InstanceId, Status]:
        return dict(self.pages[0].rows)


@pytest.fixture
def flags(tmp_path: Path) -> Flags:
    clock = FakeClock()
    context = SourceContext(KEY, clock, tmp_path, None, lambda _: None)
    source = FileSource.build({"path": "flags.yaml"}, context)
    return Flags(tmp_path / "flags.yaml", source, clock)


@pytest.mark.parametrize(
    "content",
    [
        "000123: stopped\nb: Running\n",
        '{"000123": "stopped", "b": "Running"}',
        "{000123: stopped, b: running}",
    ],
)
async def test_yaml_and_json_say_the_same_and_ids_of_digits_stay_text(
    flags: Flags, content: str
) -> None:
    flags.write(content)
    swept = await flags.poll(A, B)
    assert flags.seen == {A: Status.STOPPED, B: Status.RUNNING}
    assert swept.absent == frozenset()


@pytest.mark.parametrize("status", list(Status))
async def test_our_own_words_are_known(flags: Flags, status: Status) -> None:
    flags.write(f"b: {status}")
    await flags.poll(B)
    assert (flags.seen, flags.pages[0].unrecognised) == ({B: status}, ())


async def test_the_platforms_word_for_stopped_is_known(flags: Flags) -> None:
    flags.write("b: Terminated")
    await flags.poll(B)
    assert flags.seen == {B: Status.STOPPED}


@pytest.mark.parametrize(
    ("value", "text"),
    [("gone fishing", "gone fishing"), ("", "(empty)"), ("~", "~"), ("yes", "yes"), ("1e3", "1e3")],
)
async def test_any_other_word_is_unknown_and_told(flags: Flags, value: str, text: str) -> None:
    flags.write(f"b: {value}")
    await flags.poll(B)
    assert flags.seen == {B: Status.UNKNOWN}
    assert flags.pages[0].unrecognised == (text,)


async def test_of_an_id_named_twice_the_last_word_counts(flags: Flags) -> None:
    flags.write("b: failed\nb: running")
    await flags.poll(B)
    assert flags.seen == {B: Status.RUNNING}


async def test_there_is_no_opinion_on_ids_it_does_not_name(flags: Flags) -> None:
    flags.write("b: running\nsomebody-else: failed")
    swept = await flags.poll(A, B)
    assert flags.seen == {B: Status.RUNNING}
    assert swept.absent == {A}


async def test_an_unchanged_file_is_seen_anew_at_every_poll(flags: Flags) -> None:
    flags.write("b: failed")
    await flags.poll(B)
    flags.clock.advance(5)
    await flags.poll(B)
    assert flags.seen == {B: Status.FAILED}
    assert (flags.pages[0].asked_at - T0).total_seconds() == 5


async def test_a_changed_file_is_read_again(flags: Flags) -> None:
    flags.write("b: failed")
    await flags.poll(B)
    flags.write("b: running")
    await flags.poll(B)
    assert flags.seen == {B: Status.RUNNING}


async def test_a_replaced_file_is_read_again_whatever_its_time(flags: Flags) -> None:
    flags.write("b: failed!")
    os.utime(flags.path, ns=(1, 1))
    await flags.poll(B)
    new = flags.path.with_name("new")
    new.write_text("b: running")
    os.utime(new, ns=(1, 1))
    new.replace(flags.path)
    await flags.poll(B)
    assert flags.seen == {B: Status.RUNNING}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"b: [running",
        b'{"b": "runn',
        b"- b",
        b"just text",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"a: *nobody",
        b"? [a, b]\n: running",
        b"b: [running]",
        b"b: &b running\na: *b",
        b"b: running\n---\nb: failed",
        b"!!python/object/apply:os.system ['false']",
        b"#" * (LARGEST + 1),
    ],
    ids=[
        "empty",
        "open list",
        "cut JSON",
        "a list",
        "text",
        "binary",
        "depth",
        "alias",
        "odd key",
        "nested",
        "anchor",
        "two documents",
        "python",
        "too large",
    ],
)
async def test_a_half_written_or_broken_file_is_a_failed_poll(flags: Flags, content: bytes) -> None:
    flags.write("b: failed")
    await flags.poll(B)
    flags.write(content)
    for _ in range(2):
        with pytest.raises(SourceUnavailable, match=r"flags\.yaml"):
            await flags.poll(B)
        assert not flags.pages
    flags.write("b: running")
    await flags.poll(B)
    assert flags.seen == {B: Status.RUNNING}


async def test_a_file_that_is_not_there_is_a_failed_poll(flags: Flags) -> None:
    with pytest.raises(SourceUnavailable, match="No such file"):
        await flags.poll(B)


async def test_a_pipe_is_not_waited_for(flags: Flags) -> None:
    os.mkfifo(flags.path)
    with pytest.raises(SourceUnavailable, match="not a regular file"):
        await flags.poll(B)


async def test_a_look_reads_the_file_as_it_is_now(flags: Flags) -> None:
    flags.write("b: failed")
    await flags.poll(B)
    flags.write("b: running")
    assert (await flags.source.look([B])).rows == {B: Status.RUNNING}


def test_an_unknown_option_is_refused(tmp_path: Path) -> None:
    context = SourceContext(KEY, FakeClock(), tmp_path, None, lambda _: None)
    with pytest.raises(ValidationError):
        FileSource.build({"path": "x", "pth": "y"}, context)
