"""What the templates print: every decision about the generated Python.

A view holds finished texts; a template only loops and prints.
"""

from .package import PackageView, package_view

__all__ = ["PackageView", "package_view"]
