"""Shopify's product CSV: read row by row, understood product by product, written again."""
