"""Clients, restarters and sources: built for a config, and kept where a new one says the same."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ..adapters.http import HttpClient, HttpOptions
from ..adapters.plugin import SourceContext, at_once
from ..adapters.registry import Kinds
from ..adapters.scnet.client import ScnetClient
from ..adapters.scnet.login import FileToken, FixedToken, KeyLogin, Keys, Tokens
from ..adapters.scnet.restarter import ScnetRestarter
from ..core.event import Event, EventKind
from ..core.model import SourceKey
from ..engine.wiring import Wiring
from ..ports import Clock, StatusSource
from ..settings.model import Center, Login, Settings, Source
from ..settings.policy_model import LimitsPatch
from ..settings.to_policy import roster
from .places import Unbuildable


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every adapter is given.

    Args:
        elapsed: a monotonic clock in seconds, for deadlines of requests.
        learn: takes secrets that must never be told.
        tell: takes events, to be saved and told with the next turn.
        base: what relative paths are relative to: the config's folder.
        caught_up: ends when turns have taken what sources reported.
        took: told how long each read of the platform took, `list` or `detail`.
    """

    clock: Clock
    elapsed: Callable[[], float]
    learn: Callable[[str], None]
    tell: Callable[[Event], None]
    base: Path
    kinds: Kinds
    caught_up: Callable[[], Awaitable[None]] = at_once
    took: Callable[[str, timedelta], None] = lambda kind, length: None


@dataclass(frozen=True, slots=True)
class Built:
    """One center's client and restarter, and the settings they were built for."""

    settings: Center
    client: ScnetClient
    restarter: ScnetRestarter


@dataclass(frozen=True, slots=True)
class Fit:
    """What a config needs, and what it gives up.

    Args:
        anew: centers whose client is a new one.
        gone: centers whose old client is given up.
        old: the clients given up: to be closed when nobody uses them.
    """

    wiring: Wiring
    anew: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    old: tuple[ScnetClient, ...] = ()
    token_files: dict[Path, frozenset[str]] = field(default_factory=dict)


class Centers:
    """All that is built for the config in force."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._built: dict[str, Built] = {}
        self._sources: dict[SourceKey, tuple[Source, StatusSource]] = {}

    @property
    def clients(self) -> tuple[ScnetClient, ...]:
        """The clients in use."""
        return tuple(one.client for one in self._built.values())

    def fit(self, settings: Settings) -> Fit:
        """Build what a config needs; where that fails, everything stays as it was.

        Raises:
            Unbuildable, UnknownKind
        """
        built = {name: self._center(name, one) for name, one in settings.centers.items()}
        members = roster(settings)
        keys = {member.key for member in members.members.values()}
        sources = {key: self._source(key, settings, built[key.center]) for key in keys}
        before, self._built, self._sources = self._built, built, sources
        changed = {name for name, one in before.items() if built.get(name) is not one}
        return Fit(
            Wiring(
                members,
                {key: source for key, (_, source) in sources.items()},
                {name: one.restarter for name, one in built.items()},
            ),
            anew=frozenset(name for name, one in built.items() if before.get(name) is not one),
            gone=frozenset(changed),
            old=tuple(before[name].client for name in sorted(changed)),
            token_files=token_files(settings),
        )

    def _center(self, name: str, settings: Center) -> Built:
        # Limits are the core's business: changing them needs no new client.
        wire = settings.model_copy(update={"limits": LimitsPatch()})
        known = self._built.get(name)
        if known is not None and known.settings == wire:
            return known
        options = HttpOptions(
            settings.timeout.connect,
            settings.timeout.read,
            settings.max_connections,
            settings.verify_tls,
            settings.ca_file,
            settings.proxy,
        )
        try:
            polls = HttpClient(options, self._around.elapsed)
            calls = HttpClient(options, self._around.elapsed, for_calls=True)
        except OSError as error:
            raise Unbuildable(f"centers.{name}: TLS cannot be set up: {error}") from error
        tokens = self._tokens(name, settings, polls)
        center_url = (settings.login or Login()).center_url
        url, took = settings.base_url, self._around.took
        client = ScnetClient(name, tokens, polls, calls, url, center_url, took)
        return Built(wire, client, ScnetRestarter(client, options))

    def _tokens(self, name: str, settings: Center, http: HttpClient) -> Tokens:
        around = self._around

        def renewed() -> None:
            around.tell(Event(EventKind.TOKEN_RENEWED, around.clock.now(), center=name))

        if settings.token is not None:
            return FixedToken(settings.token.get_secret_value(), around.learn)
        if settings.token_file is not None:
            return FileToken(settings.token_file, around.learn, renewed)
        login = settings.login
        if login is None or not (login.user and login.access_key and login.secret_key):
            raise Unbuildable(f"centers.{name}: no token, token_file or login")
        keys = Keys(
            login.user,
            login.access_key.get_secret_value(),
            login.secret_key.get_secret_value(),
            login.token_url,
            login.cluster_id,
        )
        return KeyLogin(keys, http, around.clock, around.learn, renewed)

    def _source(
        self, key: SourceKey, settings: Settings, center: Built
    ) -> tuple[Source, StatusSource]:
        wanted = settings.sources[key.source]
        known, before = self._sources.get(key), self._built.get(key.center)
        if known is not None and before is center and _same(known[0], wanted):
            return known
        around = self._around
        context = SourceContext(
            key, around.clock, around.base, center.client, around.tell, around.caught_up
        )
        return wanted, around.kinds.kind(wanted.type).build(wanted.options, context)


def _same(old: Source, new: Source) -> bool:
    """Whether a source can stay: its pace is the core's business."""
    return (old.type, old.options) == (new.type, new.options)


def token_files(settings: Settings) -> dict[Path, frozenset[str]]:
    """By file, the centers whose token it holds."""
    found: dict[Path, set[str]] = {}
    for name, center in settings.centers.items():
        if center.token_file is not None:
            found.setdefault(center.token_file, set()).add(name)
    return {path: frozenset(names) for path, names in found.items()}


async def close_all(clients: Sequence[ScnetClient]) -> None:
    """Close clients that nobody uses any more."""
    for client in clients:
        await client.close()
