"""A platform of five running instances, on loopback."""

from collections.abc import AsyncIterator

import pytest

from scnet_watchdog.simulator.account import Account
from scnet_watchdog.simulator.platform import Platform, fleet
from simulator_support import TOKEN, Wire


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    platform = Platform(account=Account(fixed=TOKEN))
    platform.add(fleet(5, 1))
    made = Wire(platform)
    made.port = await made.server.start()
    yield made
    await made.server.stop()
