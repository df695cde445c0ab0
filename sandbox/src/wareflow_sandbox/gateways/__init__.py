"""Calls to the outside: the receivers of webhooks."""
