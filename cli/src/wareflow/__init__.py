"""Serve, import, simulate, verify: Wareflow from the terminal."""
