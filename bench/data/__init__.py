"""Data in large amounts: generated, always the same, and copied into the tables."""
