"""Figures, each beside the limit and the plain way, measured in the same run. See docs/speed.md."""
