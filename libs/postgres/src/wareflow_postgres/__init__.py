"""An embedded PostgreSQL server that starts and ends with its owner."""
