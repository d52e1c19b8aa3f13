"""Stories out of a seed: dense ones that go wrong all the time, mass failures, long calm ones."""

from collections.abc import Callable
from random import Random
from typing import Any

from .presets import CENTER, LIMITS, PACES, POLICIES
from .story import Happening, Story

HOUR_S = 3600.0
KINDS = ("dense", "dense", "dense", "mass", "calm")
"""Every fifth story is a long one of a large fleet, and makes most of the instance-hours."""

CALM_BREADTH = 0.06
_ACTIVE = [name for name in POLICIES if name not in ("watch", "shadow")]
_STATUSES = ["Failed", "Failed", "Terminated", "Completed", "Maintenance", "Stopped", "failed"]
_CODES = ["10001", "716020", "716868", "10008", "10009", "10003", "10007", "10012", "55555"]
_SILENT: list[dict[str, Any]] = [
    {"reset": "before"},
    {"reset": "after"},
    {"hang": "before"},
    {"hang": "after"},
    {"close": "after"},
    {"body": "truncated"},
    {"body": "garbage"},
    {"body": "html", "http": 502},
    {"http": 503},
    {"http": 302, "headers": {"Location": "http://elsewhere/"}},
    {"http": 404},
    {"http": 429, "headers": {"Retry-After": "90"}},
    {"http": 503, "headers": {"Retry-After": "20"}},
    {"http": 429},
    {"http": 401, "body": "no_code"},
    {"late": 20.0},
    {"late": 40.0},
    {"latency": 25.0},
    {"code": "10001", "acts": True},
    {"code": "716868", "acts": True},
]


def invent(seed: int) -> Story:
    """The story of a seed."""
    dice = Random(f"story {seed}")
    kind = KINDS[seed % len(KINDS)]
    if kind == "calm":
        count, hours = dice.randint(250, 600), dice.uniform(48, 96)
        happenings = dice.randint(5, 25)
    elif kind == "mass":
        count, hours = dice.randint(20, 80), dice.uniform(8, 36)
        happenings = dice.randint(15, 60)
    else:
        count, hours = dice.randint(1, 12), dice.uniform(2, 20)
        happenings = dice.randint(20, 120)
    # In a calm story everyone who is down comes back: who stays down is looked at by every turn.
    known = [name for name in _ACTIVE if kind != "calm" or name != "failed_only"]
    policies = tuple(dice.sample(known, dice.randint(1, 3)))
    if dice.random() < 0.2:
        policies = (*policies, dice.choice(["watch", "shadow"]))
    author = _Author(dice, count, hours * HOUR_S, policies, kind == "calm")
    for _ in range(happenings):
        author.one()
    return Story(
        seed=seed,
        count=count,
        hours=hours,
        policies=policies,
        limits=dice.choice([*LIMITS, "default"]),
        pace=dice.choice(["default", "slow"] if kind == "calm" else [*PACES, "default"]),
        happenings=tuple(sorted(author.found, key=lambda one: one.at)),
    )


class _Author:
    """Invents happenings, troubles with an end of their own."""

    def __init__(
        self, dice: Random, count: int, length: float, policies: tuple[str, ...], calm: bool
    ) -> None:
        self.dice = dice
        self.count = count
        self.length = length
        self.policies = policies
        self.breadth = CALM_BREADTH if calm else 1.0
        """How large a part of the fleet one trouble meets, of what it would else."""
        self.found: list[Happening] = []

    def one(self) -> None:
        """One more trouble."""
        make, _ = self.dice.choices(_TROUBLES, weights=[weight for _, weight in _TROUBLES])[0]
        make(self, self.dice.uniform(30, self.length))

    def happens(self, at: float, what: str, **args: Any) -> None:
        if at < self.length:
            self.found.append(Happening(round(at, 1), what, args))

    def n(self) -> int:
        return self.dice.randrange(self.count)

    def some(self, share: float = 0.5) -> list[int]:
        most = max(1, int(self.count * share * self.breadth))
        return sorted(self.dice.sample(range(self.count), self.dice.randint(1, most)))

    def while_(self) -> float:
        return self.dice.choice([30.0, 120.0, 600.0, 1800.0, 7200.0]) * self.dice.uniform(0.5, 1.5)


def _single(author: _Author, at: float) -> None:
    author.happens(at, "become", ns=[author.n()], status=author.dice.choice(_STATUSES))


def _stopped(author: _Author, at: float) -> None:
    author.happens(at, "stop", n=author.n())


def _mass(author: _Author, at: float) -> None:
    status = author.dice.choice(["Failed", "Terminated"])
    for wave in range(author.dice.randint(1, 3)):
        author.happens(at + 20 * wave, "become", ns=author.some(1.0), status=status)


def _habit(author: _Author, at: float) -> None:
    dice, ns = author.dice, author.some()
    habits: list[dict[str, Any]] = [
        {"refuses": dice.randint(1, 6)},
        {"breaks": dice.randint(1, 4)},
        {"dies_after": dice.choice([30.0, 200.0, 900.0])},
        {"time_limit": dice.choice([1800.0, 7200.0])},
        {"deploy_for": dice.choice([1.0, 90.0, 1000.0])},
        {"listed": False},
        {"wait_for": dice.choice([60.0, 1500.0, 5000.0])},
    ]
    habit = dice.choice(habits)
    author.happens(at, "habit", ns=ns, **habit)
    if not habit.keys() & {"refuses", "breaks"}:
        usual = {"dies_after": None, "time_limit": None, "deploy_for": 20.0, "listed": True}
        ended = {name: usual.get(name) for name in habit}
        author.happens(at + author.while_() * 2, "habit", ns=ns, **ended)
    author.happens(at + 5, "become", ns=ns, status="Failed")


def _vanish(author: _Author, at: float) -> None:
    n = author.n()
    author.happens(at, "vanish", n=n)
    status = author.dice.choice(["Running", "Failed"])
    author.happens(at + author.while_(), "reappear", n=n, status=status)


def _drought(author: _Author, at: float) -> None:
    least = int(author.count * (1 - author.breadth))
    author.happens(at, "capacity", places=author.dice.randint(least, author.count))
    author.happens(at + 1, "become", ns=author.some(), status="Terminated")
    author.happens(at + author.while_() * 3, "capacity", places=None)


def _manners(author: _Author, at: float) -> None:
    dice = author.dice
    moods: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"lag": dice.choice([15.0, 90.0])}, {"lag": 0.0}),
        ({"repeats": 0.3}, {"repeats": 0.0}),
        ({"omits": 0.2}, {"omits": 0.0}),
        ({"page_cap": 3}, {"page_cap": None}),
        ({"booting": 30.0}, {"booting": 0.0}),
        ({"shutting": 30.0}, {"shutting": 0.0}),
        ({"wait": 700.0}, {"wait": 0.0}),
        ({"returns": "other"}, {"returns": "same"}),
        ({"restart_running": "0"}, {"restart_running": "716868"}),
        ({"variants": []}, {"variants": ["body", "query", "list"]}),
        ({"gone": "716020"}, {"gone": "null"}),
        ({"denied_plain": True, "denied_http": 401}, {"denied_plain": False}),
    ]
    changed, usual = dice.choice(moods)
    author.happens(at, "manners", **changed)
    author.happens(at + author.while_() * 2, "manners", **usual)


def _fault(author: _Author, at: float) -> None:
    dice = author.dice
    what: dict[str, Any] = {"code": dice.choice(_CODES)}
    if dice.random() < 0.7:
        what = dict(dice.choice(_SILENT))
    endpoint = dice.choice(["restart", "restart", "restart", "list", "detail", "tokens", "*"])
    what |= {"endpoint": endpoint, "chance": dice.choice([1.0, 1.0, 0.5, 0.2])}
    if dice.random() < 0.4:
        what["times"] = dice.randint(1, 8)
    author.happens(at, "fault", lasts=author.while_(), **what)
    if endpoint == "restart":
        author.happens(at + 2, "become", ns=author.some(), status="Failed")


def _network(author: _Author, at: float) -> None:
    kind = author.dice.random()
    if kind < 0.3:
        author.happens(at, "network", down=True)
    elif kind < 0.6:
        author.happens(at, "network", calls_down=True)
    else:
        author.happens(at, "network", slowness=author.dice.choice([2.0, 12.0, 30.0]))
    author.happens(at + 3, "become", ns=author.some(), status="Failed")
    author.happens(at + author.while_(), "network")


def _account(author: _Author, at: float) -> None:
    author.happens(at, "account", status=author.dice.choice(["Owe", "Disable", "null", "frozen"]))
    author.happens(at + 1, "become", ns=author.some(), status="Terminated")
    if author.dice.random() < 0.5:
        author.happens(at + 2, "tokens", life=3600.0)
    author.happens(at + author.while_(), "account", status="Trial")


def _tokens(author: _Author, at: float) -> None:
    author.happens(at, "tokens", life=author.dice.choice([120.0, 400.0, 3600.0, 21600.0]))


def _hold(author: _Author, at: float) -> None:
    dice = author.dice
    kind = dice.choice(["instance", "instance", "instance", "group", "center", "fleet"])
    names: dict[str, str | int] = {"group": "third", "center": CENTER, "fleet": ""}
    name = names.get(kind, author.n())
    length = None if kind == "instance" and dice.random() < 0.5 else author.while_()
    author.happens(at, "hold", kind=kind, name=name, length=length)
    if dice.random() < 0.6:
        every = kind == "fleet" and dice.random() < 0.5
        author.happens(at + author.while_(), "release", kind=kind, name=name, every=every)
    if kind == "instance":
        author.happens(at + dice.uniform(-60, 200), "stop", n=name)


def _restart(author: _Author, at: float) -> None:
    n = author.n()
    author.happens(at - 50, "become", ns=[n], status=author.dice.choice(["Failed", "Completed"]))
    author.happens(at, "restart", n=n)


def _reset(author: _Author, at: float) -> None:
    kind = author.dice.choice(["instance", "center", "fleet"])
    names: dict[str, str | int] = {"center": CENTER, "fleet": ""}
    name = names.get(kind, author.n())
    author.happens(at, "reset", kind=kind, name=name)


def _reload(author: _Author, at: float) -> None:
    dice = author.dice
    policies = list(author.policies) if dice.random() < 0.5 else dice.sample(list(POLICIES), 2)
    without = author.some(0.4) if dice.random() < 0.5 and author.count > 1 else []
    author.happens(
        at,
        "reload",
        policies=policies,
        limits=dice.choice(list(LIMITS)),
        pace=dice.choice(list(PACES)),
        without=without,
    )


def _clock(author: _Author, at: float) -> None:
    seconds = author.dice.choice([-3600.0, -90.0, 5.0, 600.0, 7200.0])
    author.happens(at, "clock", seconds=seconds, expires=author.dice.random() < 0.2)


def _disk(author: _Author, at: float) -> None:
    sizes = [author.dice.choice([0, 0, 5_000, 60_000]) for _ in range(author.dice.randint(1, 12))]
    author.happens(at, "disk_full", sizes=sizes)
    author.happens(at + 4, "become", ns=author.some(), status="Failed")


def _kill(author: _Author, at: float) -> None:
    author.happens(at - 35, "become", ns=author.some(), status="Failed")
    if author.dice.random() < 0.2:
        author.happens(at - 1, "kill", halts=author.dice.randint(1, 6), next_one=True)
    author.happens(at, "kill", halts=author.dice.randint(1, 60))


def _bounce(author: _Author, at: float) -> None:
    author.happens(at, "stop_daemon")
    if author.dice.random() < 0.4:
        author.happens(at + 5, "hold", kind="instance", name=author.n(), length=900.0)
    shadow = author.dice.random() < 0.15
    author.happens(at + author.while_() / 2, "start_daemon", shadow=shadow)
    if shadow:
        author.happens(at + author.while_() * 2, "stop_daemon")
        author.happens(at + author.while_() * 2 + 9000, "start_daemon")


_TROUBLES: list[tuple[Callable[[_Author, float], None], float]] = [
    (_single, 10),
    (_stopped, 5),
    (_mass, 4),
    (_habit, 9),
    (_vanish, 2),
    (_drought, 3),
    (_manners, 4),
    (_fault, 14),
    (_network, 4),
    (_account, 3),
    (_tokens, 3),
    (_hold, 5),
    (_restart, 4),
    (_reset, 2),
    (_reload, 4),
    (_clock, 3),
    (_disk, 3),
    (_kill, 8),
    (_bounce, 3),
]
