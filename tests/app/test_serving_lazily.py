"""The web server costs a start only where one is started."""

import subprocess
import sys


def test_nothing_loads_the_web_server_before_the_daemon_serves() -> None:
    asked = (
        "import sys, scnet_watchdog.app.life, scnet_watchdog.cli.main;"
        "print([name for name in ('starlette', 'uvicorn') if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
