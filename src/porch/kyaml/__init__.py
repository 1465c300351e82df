"""The YAML node model of the Go tools: text to nodes with comments and styles, and back, byte for byte."""
