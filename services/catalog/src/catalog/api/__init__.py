"""The front door: a router per noun."""
