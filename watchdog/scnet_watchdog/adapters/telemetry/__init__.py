"""Listeners that tell events."""
