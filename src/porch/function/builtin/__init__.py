"""The native functions, a module each: `set_namespace.py` is set-namespace. Imported only when one is called.

A module whose name begins with an underscore is shared by several. See docs/functions.md for how to write one.
"""
