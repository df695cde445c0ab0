"""The front door: what of the kit stands on FastAPI."""
