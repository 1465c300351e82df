"""The fuzzer: seeded requests, made from the server's own OpenAPI, against a real `porch up`. See docs/fuzzing.md."""
