"""The config file as a model: every field says unit, default and why."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from .base import Address, Gateway, Secret, Section, Text, Url
from .policy_model import LimitsPatch, PolicyPatch
from .units import Size, Wait


class Login(Section):
    """AK/SK: the daemon mints and renews tokens itself."""

    user: Text | None = None
    """The platform's login name. Default $SCNET_USER."""
    access_key: Secret | None = None
    """The access key. Default $SCNET_ACCESS_KEY."""
    access_key_file: Path | None = None
    """A file that holds it, in place of access_key."""
    secret_key: Secret | None = None
    """The secret key. Default $SCNET_SECRET_KEY."""
    secret_key_file: Path | None = None
    """A file that holds it, in place of secret_key."""
    cluster_id: Text | None = None
    """Which region of the reply. Needed only when there are several besides "0"."""
    token_url: Url = "https://api.scnet.cn/api/user/v3/tokens"
    """Where tokens are minted (the platform's documented address)."""
    center_url: Url = "https://www.scnet.cn/ac/openapi/v2/center"
    """Where a region's gateways are asked (the platform's documented address)."""


class Timeout(Section):
    """Limits of one request; a call may take connect + read at most."""

    connect: Wait = Field(default="5s", validate_default=True)
    """Until the connection stands. Default 5s."""
    read: Wait = Field(default="30s", validate_default=True)
    """Until the answer is complete. Default 30s, as other clients of the platform use."""


class Center(Section):
    """One compute center: its address and how to log in."""

    base_url: Gateway | None = None
    """The gateway, with or without the trailing /ai. Left out: asked with AK/SK."""
    token: Secret | None = None
    """A fixed token (lives hours to a day)."""
    token_file: Path | None = None
    """A file that holds the token; read again when it changes and after code 10008."""
    login: Login | None = None
    """AK/SK. With no token, token_file or login: the SCNET_* variables."""
    timeout: Timeout = Timeout()
    """Limits of one request."""
    max_connections: Annotated[int, Field(ge=2, le=8)] = 8
    """Connections to the center, 2 to 8: more make the HTTP client slower."""
    verify_tls: bool = True
    """Whether the gateway's certificate is checked."""
    ca_file: Path | None = None
    """Certificates to trust in place of the system's."""
    proxy: Url | None = None
    """An HTTP proxy; else the usual HTTPS_PROXY and NO_PROXY."""
    limits: LimitsPatch = LimitsPatch()
    """This center's own limits, over the common ones."""


class Source(Section):
    """One status source. Further keys belong to its type."""

    model_config = ConfigDict(
        extra="allow", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    type: Text
    """Which kind: scnet, file, or one that a plug-in brings."""
    interval: Wait = Field(default="30s", validate_default=True)
    """How often it is polled. Default 30s."""
    fast_interval: Wait = Field(default="10s", validate_default=True)
    """How often while something is going on; never slower than interval. Default 10s."""

    @property
    def options(self) -> dict[str, Any]:
        """The keys that belong to its type."""
        return dict(self.model_extra or {})


class Instance(Section):
    """One watched instance; an id alone is enough."""

    id: Annotated[Text, Field(min_length=1, max_length=200)]
    """The platform's id of the instance."""
    name: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    """How it is called in log and tables. Default: the platform's name, else the id."""
    center: Text | None = None
    """May be left out when there is one center."""
    source: Text = "scnet"
    """Where its status is asked. Default scnet."""
    policy: PolicyPatch = PolicyPatch()
    """Knobs of this instance alone."""

    @model_validator(mode="after")
    def _share(self) -> "Instance":
        """Which fields were said is one set for all that say the same: 0.2 KiB each.

        Nobody adds to it: the model is frozen.
        """
        said = self.model_fields_set
        object.__setattr__(self, "__pydantic_fields_set__", _SAID.setdefault(frozenset(said), said))
        return self


_SAID: dict[frozenset[str], set[str]] = {}
"""At most one entry for each combination of an instance's five fields."""


class Group(Section):
    """Named policy for several instances."""

    name: Annotated[Text, Field(min_length=1)]
    """How the group is called in commands."""
    policy: PolicyPatch = PolicyPatch()
    """Knobs of the group."""
    instances: list[Instance] = Field(default_factory=list)
    """Its instances, in the same form as below."""


class State(Section):
    """Where the daemon remembers."""

    url: Text | None = None
    """Default sqlite:///$STATE_DIRECTORY/state.db, else ~/.local/state/scnet-watchdog/state.db."""
    keep: Wait = Field(default="90d", validate_default=True)
    """How long the journal is kept. Default 90d."""


class Server(Section):
    """How commands and pages reach the daemon."""

    socket: Path | None = None
    """Control socket. Default $RUNTIME_DIRECTORY/control.sock, else beside the state."""
    listen: Address | None = None
    """Address of the HTTP listener, e.g. 127.0.0.1:9716. Default none."""
    token_file: Path | None = None
    """A file with the bearer token for API and page."""


class Log(Section):
    """What is told where."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Quieter lines are left out. Default info."""
    format: Literal["auto", "console", "json"] = "auto"
    """auto: console on a terminal, else json."""
    file: Path | None = None
    """Write here in place of standard output."""
    rotate: Size = Field(default="50MiB", validate_default=True)
    """Size at which the file is rotated. Default 50MiB."""
    keep_files: Annotated[int, Field(ge=0, le=1000)] = 5
    """Rotated files that are kept. Default 5."""


class Notify(Section):
    """One notification channel."""

    url_file: Path
    """A file that holds the channel's URL (a secret)."""
    level: Literal["info", "warning", "error"] = "warning"
    """Quieter events are left out. Default warning."""
    language: Literal["en", "zh"] = "en"
    """Language of the messages. Default en."""
    center: Text | None = None
    """Only events of this center. Default all."""


class Heartbeat(Section):
    """A dead man's switch: asked for as long as turns really happen."""

    url_file: Path | None = None
    """A file that holds the URL. Default none."""
    interval: Wait = Field(default="60s", validate_default=True)
    """How often. Default 60s."""


class Settings(BaseSettings):
    """The whole config: one YAML file, environment and secret files laid over it."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    centers: dict[str, Center] = {}
    """Compute centers by name; at least one."""
    sources: dict[str, Source] = {}
    """Status sources by name; `scnet` exists without being written."""
    policy: PolicyPatch = PolicyPatch()
    """Defaults for every instance."""
    limits: LimitsPatch = LimitsPatch()
    """Limits, each counted per center."""
    groups: list[Group] = Field(default_factory=list)
    """Named policy for several instances."""
    instances: list[Instance] = Field(default_factory=list)
    """The instances to watch: ids, or blocks."""
    state: State = State()
    """Where the daemon remembers."""
    server: Server = Server()
    """How commands and pages reach the daemon."""
    log: Log = Log()
    """What is told where."""
    notify: list[Notify] = Field(default_factory=list)
    """Notification channels."""
    heartbeat: Heartbeat = Heartbeat()
    """A dead man's switch."""
    reload_on_change: bool = False
    """Reload when the config file changes, as after SIGHUP (for ConfigMaps)."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Everything comes merged, with its places, from `load.py`."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


SECTIONS = frozenset(Settings.model_fields)
"""Top-level keys."""
