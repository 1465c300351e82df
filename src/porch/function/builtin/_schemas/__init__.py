"""Checking resources against schemas: shared by kubeconform and kubeval."""
