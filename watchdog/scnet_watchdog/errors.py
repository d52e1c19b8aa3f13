"""The root of our errors; ports and settings derive theirs from it."""


class WatchdogError(Exception):
    """Something a caller can act on; its text is one plain sentence."""
