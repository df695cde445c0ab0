"""Locations, stock levels, the movement ledger and reservations."""
