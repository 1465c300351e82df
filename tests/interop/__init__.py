"""Interoperability with upstream Porch: what it wrote is read as it reads it, and what we write is what it reads.

`plain/` is a reader of git that shares nothing with the server; everything that we write is shown to it.
"""
