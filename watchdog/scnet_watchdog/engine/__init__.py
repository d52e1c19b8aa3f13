"""The order of things: turns, calls and deadlines, through ports only."""
