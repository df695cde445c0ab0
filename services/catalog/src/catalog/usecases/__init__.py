"""Verbs: one a file, load, ask the noun, publish."""
