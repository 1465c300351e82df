"""Random clients, one request after the other, against a small model of what must come of it."""
