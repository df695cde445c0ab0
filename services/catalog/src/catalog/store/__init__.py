"""Loads for verbs, with the locks they need, and the upkeep of what is derived from products."""
