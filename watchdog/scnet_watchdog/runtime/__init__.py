"""asyncio, scheduling, signals and systemd: when things happen, never what."""
