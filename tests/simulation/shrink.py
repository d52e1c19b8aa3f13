"""A story that breaks an invariant, made as short as it can be told and still break it."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from .story import Happening, Story

Breaks = Callable[[Story], bool]
"""Whether a story still breaks the same invariant."""


def shrink(story: Story, breaks: Breaks, tries: int = 400) -> Story:
    """The shortest story found within so many tries; at worst the story itself."""
    left = [tries]

    def still(shorter: Story) -> bool:
        left[0] -= 1
        return left[0] >= 0 and breaks(shorter)

    before = None
    while story != before and left[0] > 0:
        before = story
        story = _fewer_happenings(story, still)
        for shorter in _smaller(story):
            if still(shorter):
                story = shorter
                break
    return story


def _fewer_happenings(story: Story, still: Breaks) -> Story:
    """Leave out halves, then quarters, and so on down to single happenings."""
    size = max(1, len(story.happenings) // 2)
    while True:
        at = 0
        while at < len(story.happenings):
            kept = story.happenings[:at] + story.happenings[at + size :]
            shorter = replace(story, happenings=kept)
            if still(shorter):
                story = shorter
            else:
                at += size
        if size == 1:
            return story
        size //= 2


def _smaller(story: Story) -> Iterator[Story]:
    """The same story told of less: fewer hours, instances, policies, numbers."""
    last = max((one.at for one in story.happenings), default=0.0) / 3600
    for hours in (last + 0.01, last + 1, story.hours / 2):
        if last < hours < story.hours - 0.01:
            yield replace(story, hours=round(hours, 2))
    highest = max((n for one in story.happenings for n in _numbers(one)), default=0)
    for count in (highest + 1, story.count // 2):
        if 0 < count < story.count:
            yield replace(story, count=count)
    if len(story.policies) > 1:
        yield from (replace(story, policies=(policy,)) for policy in story.policies)
    yield from _told_narrower(story)


def _told_narrower(story: Story) -> Iterator[Story]:
    for n, one in enumerate(story.happenings):
        before, after = story.happenings[:n], story.happenings[n + 1 :]
        yield from (replace(story, happenings=(*before, less, *after)) for less in _narrower(one))


def _numbers(one: Happening) -> list[int]:
    """The instances a happening names."""
    named = [one.args.get("n"), one.args.get("name"), *one.args.get("ns", ())]
    return [n for n in (*named, *one.args.get("without", ())) if isinstance(n, int)]


def _narrower(one: Happening) -> Iterator[Happening]:
    ns = one.args.get("ns", ())
    if len(ns) > 1:
        half = len(ns) // 2
        yield replace(one, args={**one.args, "ns": ns[:half]})
        yield replace(one, args={**one.args, "ns": ns[half:]})
