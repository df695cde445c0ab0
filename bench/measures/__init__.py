"""The measures, a module each."""
