"""What every service would otherwise copy word for word."""
