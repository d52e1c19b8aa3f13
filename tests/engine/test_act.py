"""Carrying out granted attempts."""

import asyncio

from fakes import T0, FakeClock, FakePlatform, FakeRestarter, ids
from scnet_watchdog.core.attempt import Attempt
from scnet_watchdog.core.decision import Reason
from scnet_watchdog.core.inputs import CallEnded
from scnet_watchdog.core.model import InstanceId, Status
from scnet_watchdog.core.outcome import Accepted, Unanswered, Withdrawn
from scnet_watchdog.engine.act import Act
from scnet_watchdog.ports import Restarter

A, B = ids(2)


class Acting:
    """An act with what it fed and what broke."""

    def __init__(self, why: str | None = None) -> None:
        self.ended: list[CallEnded] = []
        self.broken: list[tuple[str, BaseException]] = []
        self.why = why
        self.platform = FakePlatform()
        self.restarter = FakeRestarter(self.platform)
        self.act = Act(FakeClock(), self.ended.append, self.why_not, self.broke)

    def why_not(self, attempt: Attempt, restarter: Restarter) -> str | None:
        return self.why

    def broke(self, what: str, error: BaseException) -> None:
        self.broken.append((what, error))

    def start(self, *names: InstanceId, center: str = "kunshan") -> None:
        attempts = [
            Attempt(id_, 1, center, 1, 1, Reason.STOPPED, Status.STOPPED, T0, T0) for id_ in names
        ]
        self.act.start(attempts, {"kunshan": self.restarter})

    async def ends(self) -> None:
        while calls := self.act.calls():
            await asyncio.wait(calls)


async def test_an_ended_call_becomes_an_input_with_its_moment() -> None:
    acting = Acting()
    acting.start(A)
    await acting.ends()
    assert acting.ended == [CallEnded((A, 1), Accepted(), T0)]  # type: ignore[arg-type]
    assert acting.platform.calls == [A]


async def test_an_attempt_no_longer_allowed_is_withdrawn_without_a_call() -> None:
    acting = Acting(why="held")
    acting.start(A)
    await acting.ends()
    assert [one.outcome for one in acting.ended] == [Withdrawn("held")]
    assert acting.platform.calls == []


async def test_an_exception_that_never_should_happen_is_an_unknown_outcome() -> None:
    acting = Acting()
    acting.restarter.outcome = RuntimeError("boom")
    acting.start(A)
    await acting.ends()
    assert [one.outcome for one in acting.ended] == [Unanswered("unexpected RuntimeError")]
    assert len(acting.broken) == 1


async def test_a_call_cut_off_by_the_end_of_the_program_is_an_unknown_outcome() -> None:
    acting = Acting()
    acting.restarter.gate = asyncio.Event()
    acting.start(A)
    await asyncio.sleep(0)
    (call,) = acting.act.calls()
    call.cancel()
    await acting.ends()
    assert isinstance(acting.ended[0].outcome, Unanswered)


async def test_calls_handed_over_but_not_begun_are_not_free() -> None:
    acting = Acting()
    assert acting.act.free({"kunshan": acting.restarter}) == {"kunshan": 6}
    acting.restarter.gate = asyncio.Event()
    acting.start(A, B)
    # 6 places, two handed over: 4, before and after the calls begin.
    assert acting.act.free({"kunshan": acting.restarter}) == {"kunshan": 4}
    for _ in range(5):
        await asyncio.sleep(0)
    assert acting.act.free({"kunshan": acting.restarter}) == {"kunshan": 4}
    assert acting.act.in_flight == 2
    acting.restarter.gate.set()
    await acting.ends()
    assert acting.act.free({"kunshan": acting.restarter}) == {"kunshan": 6}


async def test_an_attempt_of_a_center_without_restarter_is_withdrawn() -> None:
    acting = Acting()
    acting.start(A, center="gone")
    await acting.ends()
    assert isinstance(acting.ended[0].outcome, Withdrawn)


async def test_calls_can_be_waited_for_by_center() -> None:
    acting = Acting()
    acting.restarter.gate = asyncio.Event()
    acting.start(A)
    assert len(acting.act.calls(["kunshan"])) == 1
    assert acting.act.calls(["other"]) == set()
    acting.restarter.gate.set()
    await acting.ends()
