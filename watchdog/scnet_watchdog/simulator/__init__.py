"""A fake SCNet platform: a peer of the real one, not an accomplice of the tests."""
