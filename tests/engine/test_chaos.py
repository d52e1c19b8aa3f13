"""Seeded lives full of mishaps: deaths, full disks, refused rows, lost tenures, lost answers.

Whatever happens, each call has a row of its own that was saved before it, and no instance gets a
second call while the first may still be on its way.
"""

import random
from datetime import timedelta

import pytest

from engine_support import Bench
from fakes import Died, FakeClock, FakePlatform, FakeRestarter, FakeStore, Fate, ids
from scnet_watchdog.core.attempt import AttemptKey
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outcome import (
    Accepted,
    NotSent,
    Outcome,
    RefusalClass,
    Refused,
    Unanswered,
)
from scnet_watchdog.ports import SourceUnavailable, Still, allowed

OUTCOMES: list[Outcome | BaseException] = [
    Accepted(),
    Accepted(),
    Unanswered("reset"),
    NotSent("refused"),
    Refused(RefusalClass.PLATFORM, "10001"),
    Refused(RefusalClass.PLATFORM, "716868"),
    RuntimeError("boom"),
]


class WatchfulRestarter(FakeRestarter):
    """Checks at each call that its attempt was saved, and that none went before on the same row."""

    def __init__(self, bench: Bench, called: dict[AttemptKey, int]) -> None:
        super().__init__(bench.platform, bench.fate)
        self._bench = bench
        self._called = called

    async def restart(self, instance: InstanceId, why_not: Still = allowed) -> Outcome:
        rows = [
            key
            for key, row in self._bench.store.attempts.items()
            if key.instance == instance and row.outcome is None
        ]
        assert len(rows) == 1, f"{instance} is called with open rows {rows}"
        if not self._bench.fate.dead:
            self._called[rows[0]] = self._called.get(rows[0], 0) + 1
            assert self._called[rows[0]] == 1, f"{rows[0]} was called twice"
        return await super().restart(instance, why_not)


async def one_life(
    bench: Bench, dice: random.Random, called: dict[AttemptKey, int], rounds: int
) -> None:
    restarter = WatchfulRestarter(bench, called)
    bench.engine._turns.wiring = type(bench.engine._turns.wiring)(
        bench.roster, bench.engine._turns.wiring.sources, {"kunshan": restarter}
    )
    await bench.start()
    for _ in range(rounds):
        mishap = dice.random()
        restarter.outcome = dice.choice(OUTCOMES)
        bench.source.error = SourceUnavailable("gone") if mishap < 0.1 else None
        if 0.1 < mishap < 0.15:
            bench.store.fail_writes = dice.randint(1, 3)
        if 0.15 < mishap < 0.2:
            bench.store.take_away()
        bench.store.refuse = {
            AttemptKey(id_, dice.randint(1, 9)) for id_ in bench.ids if dice.random() < 0.1
        }
        for id_ in bench.ids:
            if dice.random() < 0.3:
                bench.platform.statuses[id_] = dice.choice(list(Status))
        await bench.poll()
        if bench.fate.dead:
            raise Died
        bench.clock.advance(dice.choice([1, 10, 15, 30, 60, 600]))
        await bench.engine.tend()


@pytest.mark.parametrize("seed", range(25))
async def test_no_mishap_makes_a_call_without_its_own_saved_row(seed: int) -> None:
    dice = random.Random(seed)
    clock = FakeClock()
    platform = FakePlatform(dict.fromkeys(ids(6), Status.STOPPED))
    store = FakeStore()
    called: dict[AttemptKey, int] = {}
    broken: list[tuple[str, BaseException]] = []
    for _ in range(8):
        fate = Fate(dice.randint(1, 150))
        store = store.reopened()
        store.fate = fate
        bench = Bench(6, store=store, platform=platform, clock=clock, fate=fate)
        try:
            await one_life(bench, dice, called, 30)
        except Died:
            clock.advance(timedelta(seconds=dice.randint(0, 90)).total_seconds())
        broken += [
            told
            for told in bench.broken
            if told[0] == "a turn" or isinstance(told[1], AssertionError)
        ]
    assert broken == []
    assert called
