"""From YAML, environment and secret files to settings, or to every error with its place."""

import textwrap
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies

from scnet_watchdog.adapters.registry import kinds
from scnet_watchdog.settings.load import Loaded, SettingsError, find_config, load
from scnet_watchdog.settings.to_policy import paces

BASE = """\
centers:
  kunshan: {base_url: "https://ai.example", token: abcdefgh}
"""


def loaded(
    tmp_path: Path,
    text: str,
    environ: Mapping[str, str] | None = None,
    secrets: tuple[Path, ...] = (),
) -> Loaded:
    file = tmp_path / "watchdog.yaml"
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    return load(file, environ or {}, kinds(), secrets)


def errors(tmp_path: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The errors of a config, each without the folder in front."""
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, text, environ)
    return str(caught.value).replace(f"{tmp_path}/", "").splitlines()


def test_the_smallest_useful_file_loads(tmp_path: Path) -> None:
    (tmp_path / "ak").write_text("the-access-key\n")
    (tmp_path / "sk").write_text("the-secret-key\n")
    found = loaded(
        tmp_path,
        """\
        centers:
          kunshan:
            login: {user: alice, access_key_file: ak, secret_key_file: sk}
        instances:
          - 4c1f43ddb030483e89b55413bee6c004
        """,
    ).settings
    login = found.centers["kunshan"].login
    assert login is not None
    assert login.user == "alice"
    assert login.access_key is not None
    assert login.access_key.get_secret_value() == "the-access-key"
    assert found.instances[0].id == "4c1f43ddb030483e89b55413bee6c004"
    assert found.sources["scnet"].interval == timedelta(seconds=30)


def test_a_typo_gets_file_line_column_path_and_the_nearest_key(tmp_path: Path) -> None:
    text = BASE + "instances:\n  - a1\n  - id: b2\n    polcy: {}\n"
    assert errors(tmp_path, text) == [
        'watchdog.yaml:6:5: instances[1].polcy: unknown key; did you mean "policy"?'
    ]


def test_all_errors_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
    centers:
      kunshan: {base_url: ftp://x, token: abcdefgh, max_connections: 1}
    policy:
      confirm: {count: 0, over: 5}
      mode: sleepy
    log: {level: loud, rotate: 5}
    instances:
      - {id: a1, center: kunshn}
      - a1
    """
    assert errors(tmp_path, text) == [
        "watchdog.yaml:2:23: centers.kunshan.base_url: must be a URL that begins with http:// or "
        "https://",
        "watchdog.yaml:2:66: centers.kunshan.max_connections: must be at least 2",
        "watchdog.yaml:4:20: policy.confirm.count: must be at least 1",
        'watchdog.yaml:4:29: policy.confirm.over: "5" is not a duration such as 30s, 5m or 1h30m; '
        'did you mean "5s"?',
        "watchdog.yaml:5:9: policy.mode: must be one of active, shadow, watch",
        "watchdog.yaml:6:14: log.level: must be one of debug, info, warning, error",
        'watchdog.yaml:6:28: log.rotate: "5" is not a size such as 50MiB',
        'watchdog.yaml:8:22: instances[0].center: unknown center "kunshn"; did you mean "kunshan"?',
        'watchdog.yaml:9:5: instances[1].id: "a1" is listed twice; first on line 8',
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("instances: [a1]\n", "no center: add centers.<name> with base_url or login"),
        (BASE, "no instance: add an id under instances"),
        (
            BASE + "instances:\n  - {id: a1, name: x}\n  - {id: b2, name: x}\n",
            'watchdog.yaml:5:20: instances[1].name: "x" names two instances; first on line 4',
        ),
        (
            BASE + "instances:\n  - {id: abcd1, name: x}\n  - {id: b2, name: abc}\n",
            'watchdog.yaml:5:20: instances[1].name: "abc" is the start of the id abcd1; '
            "names and ids must not be confused",
        ),
        (
            BASE + "groups:\n  - {name: g, instances: [a1]}\ninstances: [a1]\n",
            'watchdog.yaml:5:13: instances[0].id: "a1" is listed twice; first on line 4',
        ),
        (
            BASE + "instances:\n  - {id: a1, source: scnt}\n",
            'watchdog.yaml:4:22: instances[0].source: unknown source "scnt"; did you mean "scnet"?',
        ),
        (
            BASE + "policy: {restart_on: [stopped, running]}\ninstances: [a1]\n",
            "watchdog.yaml:3:32: policy.restart_on[1]: must be one of stopped, failed, completed",
        ),
        (
            BASE + 'policy: {breaker: {codes: ["10008"]}}\ninstances: [a1]\n',
            "watchdog.yaml:3:27: policy.breaker.codes: 10008 can not be a start failure",
        ),
        (
            BASE + "policy: {cooldown: {initial: 1h}}\ninstances: [a1]\n",
            "watchdog.yaml:3:30: policy.cooldown.initial: initial 1h (line 3) is above "
            "max 15m (built-in)",
        ),
        (
            BASE
            + "policy:\n  cooldown: {max: 20s}\ninstances:\n"
            + "  - id: a1\n    policy:\n      cooldown: {initial: 30s}\n",
            "watchdog.yaml:8:27: instances[0].policy.cooldown.initial: initial 30s (line 8) is "
            "above max 20s (line 4)",
        ),
        (
            BASE + "policy: {breaker: {open_for: 2h, max_open: 1h}}\ninstances: [a1]\n",
            "watchdog.yaml:3:30: policy.breaker.open_for: open_for 2h (line 3) is above "
            "max_open 1h (line 3)",
        ),
        (
            BASE + "policy: {waiting_alarm: {warn: 2h}}\ninstances: [a1]\n",
            "watchdog.yaml:3:32: policy.waiting_alarm.warn: warn 2h (line 3) is above "
            "critical 1h (built-in)",
        ),
        (
            BASE + "limits: {center_breaker: {open_for: 1h}}\ninstances: [a1]\n",
            "watchdog.yaml:3:37: limits.center_breaker.open_for: open_for 1h (line 3) is above "
            "max_open 10m (built-in)",
        ),
        (
            BASE + "limits: {max_in_flight: many}\ninstances: [a1]\n",
            'watchdog.yaml:3:25: limits.max_in_flight: must be a whole number from 1, or "auto"',
        ),
        (
            BASE + "limits: {storm: {share: 120%}}\ninstances: [a1]\n",
            'watchdog.yaml:3:25: limits.storm.share: "120%" is not a share such as 0.5 or 50%',
        ),
        (
            BASE + "sources: {flags: {type: fle, path: x}}\ninstances: [a1]\n",
            'watchdog.yaml:3:25: sources.flags.type: unknown type "fle"; did you mean "file"?',
        ),
        (
            BASE + "sources: {flags: {type: file, pth: x}}\ninstances: [a1]\n",
            'watchdog.yaml:3:31: sources.flags.pth: unknown key; did you mean "path"?',
        ),
        (
            "centers:\n  a-b: {base_url: 'http://x', token: abcdefgh}\n"
            "  a_b: {base_url: 'http://x', token: abcdefgh}\ninstances: [{id: a1, center: a-b}]\n",
            'watchdog.yaml:3:3: centers.a_b: differs from "a-b" (line 2) only in case, "-" and "_"',
        ),
        (
            "centers:\n  a: {base_url: 'http://x', token: abcdefgh}\n"
            "  b: {base_url: 'http://x', token: abcdefgh}\ninstances: [a1]\n",
            "watchdog.yaml:4:13: instances[0].center: name its center: a, b",
        ),
        (
            "centers:\n  a: {base_url: 'http://x', token: abcdefgh, token_file: t}\n"
            "instances: [a1]\n",
            "watchdog.yaml:2:46: centers.a: token and token_file exclude each other; keep one",
        ),
        (
            "centers:\n  a: {base_url: 'http://x'}\ninstances: [a1]\n",
            "watchdog.yaml:2:3: centers.a: no way to log in: give token, token_file or login, "
            "or set SCNET_USER, SCNET_ACCESS_KEY, SCNET_SECRET_KEY",
        ),
        (
            "centers:\n  a: {token: abcdefgh}\ninstances: [a1]\n",
            "watchdog.yaml:2:3: centers.a.base_url: is required with a token; "
            "only AK/SK can ask the platform for it",
        ),
        (
            "centers:\n  a: {login: {user: u, access_key_file: none, secret_key: abcdefg}}\n"
            "instances: [a1]\n",
            "watchdog.yaml:2:41: centers.a.login.access_key_file: cannot read none: "
            "No such file or directory",
        ),
        (
            BASE + "centers: {}\ninstances: [a1]\n",
            "watchdog.yaml:3:1: centers: stands twice; first on line 1",
        ),
        (BASE + "instances: [a1\n", "watchdog.yaml:4:1: not valid YAML: did not find expected"),
        ("[1, 2]\n", "watchdog.yaml:1:1: must be a block of keys"),
        (
            BASE + "policy: {stable_after: 0}\ninstances: [a1]\n",
            "watchdog.yaml:3:24: policy.stable_after: must be longer than 0",
        ),
    ],
)
def test_every_refusal_says_what_and_where(tmp_path: Path, text: str, wanted: str) -> None:
    found = errors(tmp_path, text)
    assert any(wanted in line for line in found), found


def test_every_key_of_the_contract_is_known(tmp_path: Path) -> None:
    (tmp_path / "sk").write_text("secret-key")
    (tmp_path / "url").write_text("json://localhost")
    found = loaded(
        tmp_path,
        """\
        centers:
          kunshan:
            base_url: https://ai.example/ai
            login:
              user: alice
              access_key: access-key
              secret_key_file: sk
              cluster_id: "11250"
              token_url: https://api.scnet.cn/api/user/v3/tokens
              center_url: https://www.scnet.cn/ac/openapi/v2/center
            timeout: {connect: 5s, read: 30s}
            max_connections: 8
            verify_tls: true
            ca_file: null
            proxy: null
            limits: {}
        sources:
          scnet: {type: scnet, interval: 30s, fast_interval: 10s, list: auto}
          flags: {type: file, path: flags.yaml, interval: 5s}
        policy:
          mode: active
          restart_on: [stopped, failed]
          confirm: {count: 2, over: 30s}
          cooldown: {initial: 60s, multiplier: 2, max: 15m, jitter: 0.25}
          breaker: {codes: ["716868"], threshold: 3, open_for: 30m, multiplier: 2, max_open: 6h}
          start_deadline: 10m
          unknown_outcome: {watch: 120s, reads: 3}
          waiting_alarm: {warn: 10m, critical: 60m}
          stable_after: 10m
          budget: {restarts: 10, per: 24h, then_every: 1h}
        limits:
          max_in_flight: auto
          restarts_per_hour: auto
          center_breaker:
            {instances: 3, within: 10m, errors: 5, open_for: 1m, multiplier: 2, max_open: 10m}
          storm: {share: 50%, at_least: 5, within: 10m}
          blocked_recheck: 10m
        groups:
          - name: inference
            policy: {cooldown: 30s}
            instances: [a1]
        instances:
          - id: 4c1f43ddb030483e89b55413bee6c004
            name: llm-api
            center: kunshan
            source: flags
            policy: {restart_on: [stopped, failed, completed]}
        state: {url: null, keep: 90d}
        server: {socket: null, listen: null, token_file: null}
        log: {level: info, format: auto, file: null, rotate: 50MiB, keep_files: 5}
        notify: [{url_file: url, level: warning, language: zh, center: null}]
        heartbeat: {url_file: null, interval: 60s}
        reload_on_change: false
        """,
    ).settings
    paces_ = paces(found)
    # A file that is looked at every 5 s is not looked at more slowly when something is going on.
    assert paces_["flags"].fast_interval == timedelta(seconds=5)
    assert paces_["scnet"].fast_interval == timedelta(seconds=10)


def test_text_is_taken_as_written(tmp_path: Path) -> None:
    found = loaded(tmp_path, BASE + "instances: [000123, 1e5, 22:00, {id: 0777, name: no}]\n")
    assert [one.id for one in found.settings.instances] == ["000123", "1e5", "22:00", "0777"]
    assert found.settings.instances[3].name == "no"


def test_anchors_and_x_keys_help_to_repeat_nothing(tmp_path: Path) -> None:
    text = (
        BASE
        + "x-careful: &careful {cooldown: 10m, mode: shadow}\ninstances:\n"
        + "  - {id: a1, policy: {<<: *careful, mode: active}}\n"
    )
    policy = loaded(tmp_path, text).settings.instances[0].policy
    assert policy.mode == "active"
    assert policy.cooldown is not None
    assert policy.cooldown.max == timedelta(minutes=10)


def test_the_environment_lies_over_the_file(tmp_path: Path) -> None:
    environ = {
        "SCNET_WATCHDOG_LOG__LEVEL": "debug",
        "SCNET_WATCHDOG_CENTERS__KUN_SHAN__TOKEN": "from-environment",
        "SCNET_WATCHDOG_POLICY__RESTART_ON": '["failed"]',
        "SCNET_WATCHDOG_INSTANCES": "a1, b2",
        "SCNET_WATCHDOG_PORT": "tcp://10.0.0.1:80",
        "SCNET_WATCHDOG_CONFIG": "elsewhere",
    }
    text = "centers: {kun-shan: {base_url: 'https://x', token: from-the-file}}\ninstances: [z9]\n"
    found = loaded(tmp_path, text, environ)
    assert found.settings.log.level == "debug"
    token = found.settings.centers["kun-shan"].token
    assert token is not None
    assert token.get_secret_value() == "from-environment"
    assert found.settings.policy.restart_on == ["failed"]
    assert [one.id for one in found.settings.instances] == ["a1", "b2"]
    # Orchestrators inject such names for a service called like us.
    assert found.ignored == ("SCNET_WATCHDOG_PORT",)


def test_the_environment_alone_may_be_the_config() -> None:
    environ = {
        "SCNET_WATCHDOG_CENTERS__KUNSHAN__LOGIN__CLUSTER_ID": "11250",
        "SCNET_USER": "alice",
        "SCNET_ACCESS_KEY": "access-key",
        "SCNET_SECRET_KEY": "secret-key",
        "SCNET_WATCHDOG_INSTANCES": '[{"id": "a1", "name": "one"}]',
    }
    found = load(None, environ, kinds(), ())
    login = found.settings.centers["kunshan"].login
    assert login is not None
    assert (login.user, login.cluster_id) == ("alice", "11250")
    assert found.settings.instances[0].name == "one"


def test_an_error_from_the_environment_names_the_variable(tmp_path: Path) -> None:
    environ = {"SCNET_WATCHDOG_LOG__LEVL": "debug", "SCNET_WATCHDOG_POLICY__CONFIRM__COUNT": "x"}
    assert errors(tmp_path, BASE + "instances: [a1]\n", environ) == [
        'SCNET_WATCHDOG_LOG__LEVL: log.levl: unknown key; did you mean "level"?',
        "SCNET_WATCHDOG_POLICY__CONFIRM__COUNT: policy.confirm.count: must be a whole number",
    ]


def test_secret_files_lie_between_file_and_environment_and_a_later_folder_wins(
    tmp_path: Path,
) -> None:
    first, second = tmp_path / "run-secrets", tmp_path / "credentials"
    for folder, value in ((first, "from-first"), (second, "from-second")):
        folder.mkdir()
        (folder / "centers__kunshan__token").write_text(value + "\n")
        (folder / "unrelated").write_text("x")
    text = BASE + "instances: [a1]\n"
    token = loaded(tmp_path, text, {}, (first, second)).settings.centers["kunshan"].token
    assert token is not None
    assert token.get_secret_value() == "from-second"
    environ = {"SCNET_WATCHDOG_CENTERS__KUNSHAN__TOKEN": "from-environment"}
    token = loaded(tmp_path, text, environ, (first, second)).settings.centers["kunshan"].token
    assert token is not None
    assert token.get_secret_value() == "from-environment"


def test_secrets_show_in_no_repr_and_in_no_error(tmp_path: Path) -> None:
    text = "centers: {k: {base_url: 'https://x', token: hush-hush, verify_tls: maybe}}\n"
    assert "hush-hush" not in "\n".join(errors(tmp_path, text))
    good = loaded(tmp_path, BASE.replace("abcdefgh", "hush-hush") + "instances: [a1]\n")
    assert "hush-hush" not in repr(good)
    assert "hush-hush" not in str(good.settings.model_dump())


def test_relative_paths_are_relative_to_the_config_and_tilde_is_home(tmp_path: Path) -> None:
    text = (
        "centers: {k: {base_url: 'https://x', token_file: tok}}\n"
        "log: {file: ~/watchdog.log}\ninstances: [a1]\n"
    )
    (tmp_path / "tok").write_text("x")
    found = loaded(tmp_path, text).settings
    assert found.centers["k"].token_file == tmp_path / "tok"
    assert found.log.file == Path.home() / "watchdog.log"


def test_a_secret_others_can_read_and_a_frozen_credential_give_warnings(tmp_path: Path) -> None:
    token = tmp_path / "tok"
    token.write_text("x")
    token.chmod(0o644)
    text = "centers: {k: {base_url: 'https://x', token_file: tok}}\ninstances: [a1]\n"
    found = loaded(tmp_path, text, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    # The value of token_file stands there.
    place = f"{tmp_path / 'watchdog.yaml'}:1:50: centers.k.token_file: "
    readable, frozen = map(str, found.warnings)
    assert readable == f"{place}{token} holds a secret and can be read by others; chmod o-r"
    assert frozen.startswith(f"{place}{token} is a systemd credential, whose copy is frozen at")
    token.chmod(0o600)
    assert loaded(tmp_path, text).warnings == ()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9716", ("127.0.0.1", 9716)),
        ("'[::1]:9716'", ("::1", 9716)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_an_address_to_listen_on_is_a_host_and_a_port(
    tmp_path: Path, text: str, address: tuple[str, int]
) -> None:
    found = loaded(tmp_path, BASE + f"server: {{listen: {text}}}\ninstances: [a1]\n")
    assert found.settings.server.listen == address


NO_ADDRESSES = [
    "9716",
    ":9716",
    "::1:9716",
    "[::1]",
    "host:",
    "host:65536",
    "host:²",
    "[h]:1",
    "host:-1",
]


@pytest.mark.parametrize("text", [*NO_ADDRESSES, "host:" + "9" * 5000])
def test_any_other_address_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    config = BASE + f"server:\n  listen: '{text}'\ninstances: [a1]\n"
    assert errors(tmp_path, config) == [
        "watchdog.yaml:4:11: server.listen: must be HOST:PORT, such as 127.0.0.1:9716 or [::1]:9716"
    ]


def test_a_missing_file_and_an_unreadable_one_are_errors(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml", {}, kinds(), ())
    (tmp_path / "bytes.yaml").write_bytes(b"centers:\n  \xff: {}\n")
    with pytest.raises(SettingsError, match=r"bytes\.yaml:2:1: is not UTF-8"):
        load(tmp_path / "bytes.yaml", {}, kinds(), ())


def test_the_config_is_looked_for_in_the_usual_places_never_in_the_current_folder(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    place = home / ".config" / "scnet-watchdog" / "watchdog.yaml"
    assert find_config(None, {}, home) in (None, Path("/etc/scnet-watchdog/watchdog.yaml"))
    place.parent.mkdir(parents=True)
    place.write_text("")
    assert find_config(None, {}, home) == place
    assert find_config(None, {"SCNET_WATCHDOG_CONFIG": "/x"}, home) == Path("/x")
    assert find_config(Path("y"), {"SCNET_WATCHDOG_CONFIG": "/x"}, home) == Path("y")


def test_an_alias_bomb_is_an_error_and_not_a_hang(tmp_path: Path) -> None:
    text = "x-0: &x0 [a, a, a, a, a, a, a, a, a]\n"
    for n in range(1, 9):
        refs = ", ".join([f"*x{n - 1}"] * 9)
        text += f"x-{n}: &x{n} [{refs}]\n"
    assert any("too large" in line for line in errors(tmp_path, text + BASE))


@pytest.mark.parametrize("bomb", ["[" * 100_000, "a: " + "{b: " * 50_000, "- " * 50_000])
def test_a_deep_file_is_an_error_and_does_not_end_the_process(tmp_path: Path, bomb: str) -> None:
    assert any("nests too deeply" in line for line in errors(tmp_path, bomb))


def outcome_of(file: Path) -> Loaded | SettingsError:
    try:
        return load(file, {}, kinds(), ())
    except SettingsError as error:
        return error


@settings(max_examples=150, deadline=None)
@given(text=strategies.text(alphabet="abc:-{}[]&*!|>'\"#%@,?\n \t0123~<=", max_size=120))
def test_any_text_is_settings_or_located_errors(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.mktemp("any") / "watchdog.yaml"
    file.write_text(text, encoding="utf-8")
    outcome = outcome_of(file)
    assert not isinstance(outcome, SettingsError) or outcome.problems


PLAIN = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(max_size=8),
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(
            strategies.sampled_from(
                [
                    "centers",
                    "sources",
                    "policy",
                    "limits",
                    "groups",
                    "instances",
                    "id",
                    "name",
                    "base_url",
                    "token",
                    "login",
                    "cooldown",
                    "initial",
                    "max",
                    "storm",
                    "share",
                    "state",
                    "server",
                    "log",
                    "notify",
                    "heartbeat",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(content=PLAIN)
def test_any_structure_is_settings_or_located_errors(
    tmp_path_factory: pytest.TempPathFactory, content: object
) -> None:
    import yaml

    file = tmp_path_factory.mktemp("any") / "watchdog.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    outcome = outcome_of(file)
    assert not isinstance(outcome, SettingsError) or outcome.problems
