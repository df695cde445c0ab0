"""The front door: Stripe's HTTP API."""
