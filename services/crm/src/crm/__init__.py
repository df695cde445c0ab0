"""Customers, accounts, their timeline and their erasure."""
