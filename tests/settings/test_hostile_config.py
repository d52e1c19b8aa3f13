"""Configs that are odd, broken or meant to harm: an error with its place, soon, never a crash."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies

from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.settings.load import Loaded, SettingsError, find_config, load
from scnet_watchdog.settings.schema import full_example

BASE = """\
centers:
  k: {base_url: "https://ai.example", token: abcdefgh}
"""
ONE = "instances: [a1]\n"


def loaded(
    tmp_path: Path, text: str, environ: Mapping[str, str] | None = None, mode: int = 0o600
) -> Loaded:
    file = tmp_path / "w.yaml"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return load(file, environ or {}, kinds(), ())


def errors(tmp_path: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The errors of a config, each without the folder in front."""
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, text, environ)
    return str(caught.value).replace(f"{tmp_path}/", "").splitlines()


def test_a_list_that_holds_itself_is_one_error(tmp_path: Path) -> None:
    assert errors(tmp_path, "x-a: &a [*a, *a, *a]\n" + BASE + ONE) == [
        "w.yaml:1:6: nests too deeply"
    ]


def test_a_mapping_merged_into_itself_is_one_error(tmp_path: Path) -> None:
    # The anchor ends where its own merge key names it: line 1, the mapping at column 10.
    assert errors(tmp_path, "x-a: &a {<<: *a}\n" + BASE + ONE) == ["w.yaml:1:10: nests too deeply"]


def test_merge_keys_that_multiply_are_an_error_and_not_a_hang(tmp_path: Path) -> None:
    # 9^29 empty mappings: no pair is ever seen, so the merges themselves must be counted.
    text = "x-0: &x0 {}\n"
    for n in range(1, 30):
        text += f"x-{n}: &x{n} {{<<: [{', '.join([f'*x{n - 1}'] * 9)}]}}\n"
    (only,) = errors(tmp_path, text + BASE + ONE)
    assert only.endswith("is too large once its aliases are expanded")


def test_an_own_key_keeps_its_place_whatever_is_merged_below_it(tmp_path: Path) -> None:
    text = "x-c: &c\n  mode: shadow\n" + BASE + "policy:\n  mode: sleepy\n  <<: *c\n" + ONE
    assert errors(tmp_path, text) == [
        "w.yaml:6:9: policy.mode: must be one of active, shadow, watch"
    ]


def test_of_several_merged_mappings_the_first_wins(tmp_path: Path) -> None:
    text = (
        "x-a: &a {mode: shadow}\nx-b: &b {mode: watch, stable_after: 3m}\n"
        + BASE
        + "policy: {<<: [*a, *b]}\n"
        + ONE
    )
    policy = loaded(tmp_path, text).settings.policy
    assert (policy.mode, policy.stable_after) == ("shadow", timedelta(minutes=3))


def test_a_file_that_is_not_yaml_is_told_nothing_else(tmp_path: Path) -> None:
    assert errors(tmp_path, BASE + "instances: [a\x01]\n") == [
        "w.yaml:3:14: not valid YAML: unacceptable character #x0001: "
        "control characters are not allowed"
    ]


@pytest.mark.parametrize(
    ("text", "environ", "wanted"),
    [
        (
            'centers: {k: {base_url: "https://x", token_file: "a\\0b"}}\n' + ONE,
            {},
            "w.yaml:1:50: centers.k.token_file: must not hold a NUL character",
        ),
        (
            BASE + ONE,
            {"SCNET_WATCHDOG_INSTANCES": '["a\\u0000"]'},
            "SCNET_WATCHDOG_INSTANCES: instances: must not hold a NUL character",
        ),
        (
            BASE + "log: {rotate: 9223372036854775808B}\n" + ONE,
            {},
            'w.yaml:3:15: log.rotate: "9223372036854775808B" is larger than any file',
        ),
        (
            BASE + f"log: {{rotate: {'9' * 400}B}}\n" + ONE,
            {},
            f'w.yaml:3:15: log.rotate: "{"9" * 400}B" is larger than any file',
        ),
        (
            BASE + "policy: {cooldown: soon}\n" + ONE,
            {},
            'w.yaml:3:20: policy.cooldown: "soon" is not a duration such as 30s, 5m or 1h30m',
        ),
        (
            BASE + 'instances: [a1, ""]\n',
            {},
            "w.yaml:3:17: instances[1].id: must not be empty",
        ),
        (
            BASE.replace("abcdefgh", '"  "') + ONE,
            {},
            "w.yaml:2:46: centers.k.token: must not be empty",
        ),
        (
            BASE + "limits: {restarts_per_hour: 0}\n" + ONE,
            {},
            'w.yaml:3:29: limits.restarts_per_hour: must be a whole number from 1, or "auto"',
        ),
        (
            BASE + ONE,
            {"SCNET_WATCHDOG_INSTANCES": '[true, "a1"]'},
            "SCNET_WATCHDOG_INSTANCES: instances[0]: must be a block of keys",
        ),
        (
            BASE + ONE,
            {"SCNET_WATCHDOG_LOG__LEVEL": "\udcff"},
            "SCNET_WATCHDOG_LOG__LEVEL: log.level: must be text",
        ),
    ],
)
def test_odd_values_are_refused_with_one_plain_line(
    tmp_path: Path, text: str, environ: Mapping[str, str], wanted: str
) -> None:
    assert errors(tmp_path, text, environ) == [wanted]


@pytest.mark.parametrize("key", ["_cli_parse_args", "_env_file", "_secrets_dir", "self"])
def test_no_key_is_taken_for_an_argument_of_the_library(tmp_path: Path, key: str) -> None:
    (only,) = errors(tmp_path, BASE + ONE + f"{key}: 1\n")
    assert only.startswith(f"w.yaml:4:1: {key}: unknown key; ")


def test_a_key_with_a_line_end_still_makes_one_line(tmp_path: Path) -> None:
    (only,) = errors(tmp_path, BASE + ONE + '"a\\nb\\e[31m": 1\n')
    assert only.startswith(r"w.yaml:4:1: a\nb\x1b[31m: unknown key")


@pytest.mark.parametrize(
    "url", ["https://x:99999", "https://?x", "https://a b", "https://[::1", "https://u:p@x"]
)
def test_a_url_that_no_client_can_use_is_refused(tmp_path: Path, url: str) -> None:
    assert errors(tmp_path, BASE.replace("https://ai.example", url) + ONE) == [
        "w.yaml:2:17: centers.k.base_url: must be a URL with a host and without credentials"
    ]


def test_a_gateway_with_a_query_is_refused_since_paths_are_put_behind_it(tmp_path: Path) -> None:
    assert errors(tmp_path, BASE.replace("ai.example", "ai.example/ai?x=1") + ONE) == [
        "w.yaml:2:17: centers.k.base_url: must be a URL without ? and #"
    ]


def test_a_section_whose_keys_are_all_commented_out_is_one_left_out(tmp_path: Path) -> None:
    text = BASE + "policy:\nlimits:\nlog:\nsources:\n  scnet:\ngroups:\n" + ONE
    nothing = loaded(tmp_path, BASE + ONE).settings
    assert loaded(tmp_path, text).settings == nothing
    nested = BASE + "instances:\n  - id: a1\n    policy:\n      confirm:\n    source:\n"
    assert loaded(tmp_path, nested).settings.instances[0].source == "scnet"


def test_an_unknown_key_without_a_value_is_still_refused(tmp_path: Path) -> None:
    assert errors(tmp_path, BASE + ONE + "polcy:\n") == [
        'w.yaml:4:1: polcy: unknown key; did you mean "policy"?'
    ]


def test_a_secret_that_looks_like_json_is_taken_as_it_is(tmp_path: Path) -> None:
    environ = {"SCNET_WATCHDOG_CENTERS__K__TOKEN": "{abc"}
    token = loaded(tmp_path, BASE + ONE, environ).settings.centers["k"].token
    assert token is not None
    assert token.get_secret_value() == "{abc"


def test_a_secret_loses_the_line_end_that_copying_added(tmp_path: Path) -> None:
    text = 'centers:\n  k:\n    base_url: "https://x"\n    token: |\n      abcdefgh\n' + ONE
    token = loaded(tmp_path, text).settings.centers["k"].token
    assert token is not None
    assert token.get_secret_value() == "abcdefgh"


def test_a_config_that_holds_a_token_and_can_be_read_by_others_gives_a_warning(
    tmp_path: Path,
) -> None:
    assert loaded(tmp_path, BASE + ONE).warnings == ()
    (only,) = loaded(tmp_path, BASE + ONE, mode=0o644).warnings
    assert str(only) == f"{tmp_path / 'w.yaml'} holds a secret and can be read by others; chmod o-r"
    # The token comes from the environment: the file itself holds none.
    environ = {"SCNET_WATCHDOG_CENTERS__K__TOKEN": "from-environment"}
    assert loaded(tmp_path, BASE + ONE, environ, mode=0o644).warnings == ()


def test_a_home_that_cannot_be_entered_has_no_config_and_is_no_error() -> None:
    # Too long for any file system: asking whether it exists is an error, as where we may not look.
    home = Path("/" + "x" * 300)
    assert find_config(None, {}, home) in (None, Path("/etc/scnet-watchdog/watchdog.yaml"))


LINES = [line for line in full_example().splitlines() if ":" in line and "#" not in line]
ODD = [
    "null",
    "[]",
    "{}",
    "-1",
    "0",
    "1e400",
    "nan",
    "true",
    "[null]",
    "&a [*a]",
    "5s",
    "999999999d",
    "1e9%",
    "~x/y",
    "''",
    "{a: {b: c}}",
    "{null: null}",
    "http://[::1",
    "!!binary x",
    '"\\0"',
    '"\\x1b"',
    "{<<: {}}",
]


@settings(max_examples=200, deadline=None)
@given(
    changes=strategies.dictionaries(
        strategies.integers(0, len(LINES) - 1), strategies.sampled_from(ODD), max_size=3
    )
)
def test_the_full_example_with_odd_values_is_settings_or_plain_located_errors(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[int, str]
) -> None:
    lines = list(LINES)
    for at, odd in changes.items():
        lines[at] = f"{lines[at].partition(':')[0]}: {odd}"
    try:
        loaded(tmp_path_factory.mktemp("odd"), "\n".join(lines))
    except SettingsError as error:
        for problem in error.problems:
            assert problem.mark is not None
            assert str(problem).isprintable()
            # The library's own words begin like this: each kind of error needs ours.
            assert not problem.text.startswith(("Input", "Value"))
