"""Any environment laid over a config, any aliases, and errors that are all told at once."""

import json
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.settings.load import SettingsError, load
from scnet_watchdog.settings.model import Settings
from scnet_watchdog.settings.problem import dotted
from settings_support import FULL, SECRET, tried
from strategies import examples

FULL_TEXT = yaml.dump(FULL, sort_keys=False)
SECONDS = 10.0
"""No config may take longer, on a busy machine either; what aliases make of it is bounded."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any-environment")


PARTS = st.sampled_from(
    [
        *Settings.model_fields,
        "Kunshan",
        "WUXI",
        "token",
        "COOLDOWN",
        "initial",
        "0",
        "",
        "scnet",
        "\udcff",
    ]
)
NAMES = st.lists(PARTS, min_size=1, max_size=4).map(
    lambda parts: "SCNET_WATCHDOG_" + "__".join(parts)
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4)),
    lambda below: st.one_of(
        st.lists(below, max_size=3), st.dictionaries(st.text(max_size=4), below, max_size=3)
    ),
    max_leaves=6,
)
VALUES = st.one_of(
    st.text(max_size=20),
    JSON.map(json.dumps),
    st.sampled_from(
        [
            "5s",
            "a1,b2",
            "[",
            "{",
            "[" * 3000,
            "9" * 5000,
            "\udcff",
            '["\\ud800"]',
            "",
            "null",
            "~/x",
        ]
    ),
)


@examples(70)
@given(environ=st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_environment_is_settings_or_errors_that_name_the_variable(
    folder: Path, environ: dict[str, str]
) -> None:
    tried(folder, FULL_TEXT.encode(), environ)


@examples(30)
@given(environ=st.dictionaries(st.text(max_size=20), VALUES, max_size=3))
def test_what_is_no_setting_changes_nothing(folder: Path, environ: dict[str, str]) -> None:
    # As orchestrators inject for a service of our name: SCNET_WATCHDOG_PORT_9716_TCP and the like.
    foreign = {f"SCNET_WATCHDOG_PORT{name}": value for name, value in environ.items()}
    plain, loaded = (tried(folder, FULL_TEXT.encode(), one) for one in ({}, foreign))
    assert plain is not None
    assert loaded is not None
    assert loaded.settings == plain.settings
    assert set(loaded.ignored) == set(foreign)


NODES = st.lists(
    st.tuples(
        st.sampled_from(["[{}]", "{{<<: [{}]}}", "{{k: [{}]}}", "{{policy: &p {{<<: [{}]}}}}"]),
        st.lists(st.integers(0, 30), max_size=5),
    ),
    min_size=1,
    max_size=8,
)


@examples(60)
@given(nodes=NODES)
def test_any_aliases_and_merges_are_read_or_refused_in_bounded_time(
    folder: Path, nodes: list[tuple[str, list[int]]]
) -> None:
    # Each anchor may name any earlier one, itself, and some of them many times.
    text = ""
    for n, (form, names) in enumerate(nodes):
        aliases = ", ".join(f"*n{name % (n + 1)}" for name in names)
        text += f"x-{n}: &n{n} " + form.format(aliases) + "\n"
    began = time.monotonic()
    tried(folder, (text + FULL_TEXT).encode())
    assert time.monotonic() - began < SECONDS


LINES = FULL_TEXT.splitlines()
SCALARS = [n for n, line in enumerate(LINES) if not line.endswith(":") and ":" in line]


@examples(40)
@given(at=st.sampled_from(SCALARS))
def test_a_key_that_stands_twice_is_told_with_the_line_of_the_first(folder: Path, at: int) -> None:
    file = folder / "twice.yaml"
    line = LINES[at].replace("- ", "  ")
    file.write_text("\n".join([*LINES[: at + 1], line, *LINES[at + 1 :]]))
    with pytest.raises(SettingsError) as caught:
        load(file, {}, kinds(), ())
    # Lines count from 1, and the second stands below the first.
    told = [one for one in caught.value.problems if f"first on line {at + 1}" in one.text]
    assert [one.mark and one.mark.line for one in told] == [at + 2]
    assert SECRET not in str(caught.value)


WRONG = {
    "centers.kunshan.timeout.read": "-1s",
    "centers.kunshan.max_connections": "9",
    "centers.wuxi.base_url": "ftp://x",
    "sources.scnet.interval": "0",
    "policy.mode": "sleepy",
    "policy.confirm.count": "0",
    "policy.cooldown.jitter": "2",
    "policy.breaker.codes": ["0"],
    "limits.storm.share": "200%",
    "limits.max_in_flight": "none",
    "state.keep": "never",
    "log.level": "loud",
    "log.rotate": "big",
    "reload_on_change": "perhaps",
}


@examples(30)
@given(wrong=st.sets(st.sampled_from(sorted(WRONG)), min_size=1))
def test_all_errors_are_told_at_once_each_with_its_path(folder: Path, wrong: set[str]) -> None:
    tree = yaml.safe_load(FULL_TEXT)
    for path in wrong:
        *above, last = path.split(".")
        inside = tree
        for key in above:
            inside = inside[key]
        inside[last] = WRONG[path]
    file = folder / "wrong.yaml"
    file.write_text(yaml.dump(tree, sort_keys=False))
    with pytest.raises(SettingsError) as caught:
        load(file, {}, kinds(), ())
    told = [dotted(problem.path).partition("[")[0] for problem in caught.value.problems]
    # Every one, nothing else, and in the order in which they stand in the file.
    assert sorted(told) == sorted(wrong)
    marks = [problem.mark for problem in caught.value.problems]
    places = [(mark.line, mark.column) for mark in marks if mark is not None]
    assert places == sorted(places)
