"""The verbs: load, ask the noun, publish; one per file."""
