from tests.unit.function.installed import installed_function, site

__all__ = ["installed_function", "site"]
