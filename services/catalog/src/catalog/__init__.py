"""Products, variants, prices, content and search."""
