"""The front door: HTTP in, one call inward, HTTP out."""
