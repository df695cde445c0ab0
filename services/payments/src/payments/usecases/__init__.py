"""The verbs of `payments`: load, ask the noun, publish."""
