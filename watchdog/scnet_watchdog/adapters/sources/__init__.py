"""Status sources that are not the platform itself."""
