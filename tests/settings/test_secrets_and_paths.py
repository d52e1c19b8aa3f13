"""Secrets in files and variables, paths as written, and what is said where they do not do."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.settings.load import Loaded, SettingsError, load
from scnet_watchdog.settings.yaml_nodes import LARGEST

ONE = "instances: [a1]\n"
TOKEN = 'centers:\n  k: {base_url: "https://ai.example", token: abcdefgh}\n' + ONE
AK_SK = {"SCNET_USER": "alice", "SCNET_ACCESS_KEY": "the-ak", "SCNET_SECRET_KEY": "the-sk"}


def loaded(tmp_path: Path, text: str, environ: Mapping[str, str] | None = None) -> Loaded:
    """Load a config with the usual folders of secret files."""
    file = tmp_path / "w.yaml"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return load(file, environ or {}, kinds())


def errors(tmp_path: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The errors of a config, each without the folder in front."""
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, text, environ)
    return str(caught.value).replace(f"{tmp_path}/", "").splitlines()


def test_credentials_of_the_service_manager_are_secret_files(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    # With the prefix and without it, in any case.
    (folder / "SCNET_WATCHDOG_CENTERS__K__LOGIN__ACCESS_KEY").write_text("the-ak\n")
    (folder / "centers__k__login__secret_key").write_text("the-sk\n")
    text = "centers: {k: {login: {user: alice}}}\n" + ONE
    login = loaded(tmp_path, text, {"CREDENTIALS_DIRECTORY": str(folder)}).settings.centers["k"]
    assert login.login is not None
    assert login.login.access_key is not None
    assert login.login.access_key.get_secret_value() == "the-ak"
    assert login.login.secret_key is not None
    assert login.login.secret_key.get_secret_value() == "the-sk"


def test_a_folder_of_secrets_that_does_not_exist_is_no_error(tmp_path: Path) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "none")}
    assert loaded(tmp_path, TOKEN, environ).warnings == ()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\n", "{} is empty or too large"),
        (b"x" * 70_000, "{} is empty or too large"),
        (b"\xff", "cannot read {}: it is not text"),
    ],
)
def test_a_secret_file_that_holds_none_is_an_error_that_names_it(
    tmp_path: Path, content: bytes, why: str
) -> None:
    (tmp_path / "ak").write_bytes(content)
    text = "centers: {k: {login: {user: u, access_key_file: ak, secret_key: the-sk}}}\n" + ONE
    assert errors(tmp_path, text) == [
        f"w.yaml:1:49: centers.k.login.access_key_file: {why.format('ak')}"
    ]


def test_a_variable_that_should_be_json_and_is_not_is_named(tmp_path: Path) -> None:
    environ = {"SCNET_WATCHDOG_POLICY__RESTART_ON": "[failed"}
    assert errors(tmp_path, TOKEN, environ) == [
        "SCNET_WATCHDOG_POLICY__RESTART_ON: policy.restart_on: is not valid JSON"
    ]


def test_variables_alone_log_in_where_a_center_names_no_way(tmp_path: Path) -> None:
    for text in ("centers: {k: }\n", "centers: {k: {verify_tls: true}}\n"):
        login = loaded(tmp_path, text + ONE, AK_SK).settings.centers["k"].login
        assert login is not None
        assert login.user == "alice"


def test_variables_fill_what_a_login_leaves_out_and_nothing_else(tmp_path: Path) -> None:
    text = "centers: {k: {login: {user: bob, access_key: own-ak}}}\n" + ONE
    login = loaded(tmp_path, text, AK_SK).settings.centers["k"].login
    assert login is not None
    assert login.user == "bob"
    assert login.access_key is not None
    assert login.access_key.get_secret_value() == "own-ak"
    assert login.secret_key is not None
    assert login.secret_key.get_secret_value() == "the-sk"


def test_what_a_login_lacks_is_said_with_the_variable_that_would_do(tmp_path: Path) -> None:
    assert errors(tmp_path, "centers: {k: {login: {}}}\n" + ONE) == [
        "w.yaml:1:15: centers.k.login.access_key: is required: give access_key, access_key_file "
        "or $SCNET_ACCESS_KEY",
        "w.yaml:1:15: centers.k.login.secret_key: is required: give secret_key, secret_key_file "
        "or $SCNET_SECRET_KEY",
        "w.yaml:1:15: centers.k.login.user: is required: give user or $SCNET_USER",
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "centers: {k: {login: {user: u, access_key: a, access_key_file: f, secret_key: s}}}\n",
            "w.yaml:1:47: centers.k.login.access_key_file: access_key and access_key_file "
            "exclude each other; keep one",
        ),
        (
            "centers: {k: {base_url: 'https://x', token: a, login: {user: u, access_key: a, "
            "secret_key: s}}}\n",
            "w.yaml:1:48: centers.k: token and login exclude each other; keep one",
        ),
    ],
)
def test_two_ways_that_exclude_each_other_are_refused(
    tmp_path: Path, text: str, wanted: str
) -> None:
    assert errors(tmp_path, text + ONE) == [wanted]


def test_a_home_that_nobody_has_is_taken_literally(tmp_path: Path) -> None:
    text = TOKEN + "log: {file: ~nobody-of-this-name/x.log}\n"
    found = loaded(tmp_path, text).settings.log.file
    assert found == tmp_path / "~nobody-of-this-name" / "x.log"


def test_two_groups_of_one_name_are_refused_with_both_lines(tmp_path: Path) -> None:
    text = TOKEN + "groups:\n  - {name: g, instances: [b1]}\n  - {name: g, instances: [c1]}\n"
    assert errors(tmp_path, text) == [
        'w.yaml:6:12: groups[1].name: "g" names two groups; first on line 5'
    ]


def test_a_file_larger_than_any_config_is_refused_unread(tmp_path: Path) -> None:
    assert errors(tmp_path, TOKEN + "#" * LARGEST) == ["w.yaml: is larger than 4 MiB"]


def test_an_empty_file_lacks_centers_and_instances(tmp_path: Path) -> None:
    assert errors(tmp_path, "# nothing yet\n") == [
        "w.yaml:1:1: no center: add centers.<name> with base_url or login",
        "w.yaml:1:1: no instance: add an id under instances",
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("? [a]\n: b\n", "w.yaml:4:3: a key must be plain text"),
        ("policy: {<<: 5}\n", "w.yaml:4:14: policy: << must name a mapping"),
    ],
)
def test_keys_that_are_no_keys_are_refused(tmp_path: Path, text: str, wanted: str) -> None:
    assert errors(tmp_path, TOKEN + text) == [wanted]
