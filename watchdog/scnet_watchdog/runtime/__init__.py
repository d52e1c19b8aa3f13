"""asyncio, APScheduler, signals and systemd around the engine."""
