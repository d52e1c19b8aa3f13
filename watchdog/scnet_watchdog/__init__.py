"""scnet-watchdog: brings stopped and failed SCNet container instances back, safely."""

__version__ = "0.1.0"
