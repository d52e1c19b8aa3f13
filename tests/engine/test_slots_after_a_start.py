"""A place in flight is given back in time, whatever happens to the daemon meanwhile."""

from engine_support import Bench
from fakes import KEY
from scnet_watchdog.core.model import Status
from scnet_watchdog.ports import SourceUnavailable


async def test_a_blind_daemon_gives_back_the_places_of_the_one_before_it() -> None:
    first = Bench(2)
    first.platform.after_call = Status.FAILED
    await first.start()
    await first.restart_one()
    assert len(first.platform.calls) == 1
    store = first.store.reopened()
    second = Bench(2, store=store, platform=first.platform, clock=first.clock)
    second.source.error = SourceUnavailable("gone")
    await second.start()
    assert second.fleet().indexes[KEY.center].busy == {second.ids[0]}
    # `start_deadline` is 10 min; no read ever shows the instance to this daemon.
    second.clock.advance(600)
    await second.settle()
    assert second.fleet().indexes[KEY.center].busy == set()
