"""The activity stream, sales, funnels and freshness."""
