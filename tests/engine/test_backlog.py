"""What waits for a turn is bounded by the instances it speaks of, not by the number of inputs."""

from engine_support import Bench
from fakes import KEY, T0
from scnet_watchdog.core.inputs import LookAgain
from scnet_watchdog.core.model import InstanceId, Page, Status
from scnet_watchdog.engine.inputs import TURN_LIMIT, InputQueue


async def test_polls_are_left_out_while_too_many_instances_wait_and_go_on_afterwards() -> None:
    """Pages of a hanging disk once filled the memory: each counted as one, however large."""
    bench = Bench()
    await bench.start()
    rows = dict.fromkeys((InstanceId(f"{n:032x}") for n in range(TURN_LIMIT)), Status.RUNNING)
    # 200 pages of 1 000 rows are the bound; one more is beyond it.
    for _ in range(201):
        bench.engine.feed(Page(KEY, bench.clock.now(), bench.clock.now(), rows))
    assert not await bench.engine.poll(KEY)
    await bench.engine.turn()
    assert await bench.engine.poll(KEY)


def test_the_weight_of_what_waits_follows_what_is_put_and_taken() -> None:
    rows = dict.fromkeys((InstanceId(f"{n:032x}") for n in range(2500)), Status.RUNNING)
    queue = InputQueue()
    queue.put(Page(KEY, T0, T0, rows))
    queue.put(LookAgain("kunshan"))
    # 1 000 + 1 000 + 500 rows, and an input about nobody counts as one.
    assert queue.weight == 2501
    queue.take()
    assert queue.weight == 1501
    queue.clear()
    assert queue.weight == 0
