"""Programs that run on the serving core and print a JSON of what they measured."""
