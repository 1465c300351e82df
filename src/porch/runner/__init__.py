"""The function-runner process: evaluates functions for others, over gRPC."""
