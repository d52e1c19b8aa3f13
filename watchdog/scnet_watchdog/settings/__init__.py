"""The validated config file plus environment."""
