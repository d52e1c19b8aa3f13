"""The SCNet platform: wire, login, codes, source and restarter."""
