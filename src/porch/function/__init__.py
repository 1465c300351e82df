"""One call of a KRM function: which runtime runs it, what goes in and what comes out."""
