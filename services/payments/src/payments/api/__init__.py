"""The front door, `/payments/v1`: a router per noun, with its request and response shapes."""
