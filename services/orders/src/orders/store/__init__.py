"""Rows locked for verbs, and rows written in bulk."""
