"""Payments, the gateway, its webhooks and the double-entry ledger."""
