"""YAML and Kubernetes resources as texts: read like Go, changed without loss, written like Go. Pure functions."""
