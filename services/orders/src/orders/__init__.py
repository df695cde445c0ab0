"""Carts, checkout and every decision about an order."""
