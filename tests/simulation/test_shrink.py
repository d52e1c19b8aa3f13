"""A broken story is made as short as it can be."""

from simulation.shrink import shrink
from simulation.story import Happening, Story


def long_story() -> Story:
    """Forty happenings, of which two matter."""
    noise = tuple(Happening(60.0 * n, "capacity", {"places": n}) for n in range(38))
    wanted = (
        Happening(600.5, "become", {"ns": [1, 2, 3], "status": "Failed"}),
        Happening(700.5, "kill", {"halts": 3}),
    )
    happenings = tuple(sorted((*noise, *wanted), key=lambda one: one.at))
    return Story(1, 12, 8.0, ("default", "hasty"), happenings=happenings)


def breaks(story: Story) -> bool:
    """As if a death after instance 2 had failed broke something."""
    failed = [one for one in story.happenings if 2 in one.args.get("ns", ())]
    killed = [one for one in story.happenings if one.what == "kill"]
    return bool(failed and killed and failed[0].at < killed[0].at and story.count > 2)


def test_only_what_matters_is_left() -> None:
    short = shrink(long_story(), breaks)
    assert [one.what for one in short.happenings] == ["become", "kill"]
    assert short.happenings[0].args == {"ns": [2], "status": "Failed"}
    assert (short.count, short.policies) == (3, ("default",))
    assert short.hours < 0.5


def test_a_story_that_cannot_be_shorter_stays_as_it_is() -> None:
    story = shrink(long_story(), breaks)
    assert shrink(story, breaks) == story


def test_it_gives_up_after_so_many_tries() -> None:
    tried: list[Story] = []

    def never(story: Story) -> bool:
        tried.append(story)
        return False

    assert shrink(long_story(), never, tries=30) == long_story()
    assert len(tried) == 30
