"""Events that are never lost and never applied twice."""
