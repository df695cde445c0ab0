"""The one place that calls out: the gateway's port, and its client for Stripe."""
