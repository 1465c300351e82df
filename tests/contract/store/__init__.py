"""The contract of the Store port: every adapter passes all of it."""
